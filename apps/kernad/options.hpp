// Options shared by several commands, with the same spelling and help everywhere.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "kernad/io.hpp"

namespace kernad::cli {

struct CommonOptions {
  int threads = 0;
  bool no_pruning = false;
  bool json = false;
};

/// A script's unset variable must not mean "none".
[[nodiscard]] CLI::Validator not_empty();

/// Whether both are the same existing regular file, by whatever names, links or paths.
[[nodiscard]] bool is_same_file(const std::string& output, const std::string& input);

/// Throws InvalidParameter, naming the option, if writing `output` would replace one of `inputs`: sources as for
/// read_table, models, or texts that need not be files (a label column, or ""). An empty output is ignored.
void require_another_file(const std::string& output, const std::vector<std::string>& inputs,
                          const std::string& option = "--output");

/// "-" or "/dev/stdout".
[[nodiscard]] bool is_standard_output(const std::string& output);

/// For a model or a page, before the work: throws InvalidParameter for standard output, which has the command's
/// results, and WriteError for a file that cannot be written. An empty output is ignored.
void require_file(const std::string& output, const std::string& option);

inline constexpr const char* kExitStatus =
    "\n\nExit status: 0 success, 2 wrong usage or bad input, 1 anything else (see man kernad)";

/// The same check, but silent in --help, where the option's type already says what is valid.
[[nodiscard]] CLI::Validator quiet(CLI::Validator check);

/// Digits only: CLI11 by itself would wrap -1 around and truncate large numbers.
[[nodiscard]] CLI::Validator whole_number(std::uint64_t largest = std::numeric_limits<std::uint64_t>::max());

void add_json(CLI::App& command, CommonOptions& options);
/// --no-pruning: for the commands that score.
void add_no_pruning(CLI::App& command, CommonOptions& options);
/// --threads and --json: for the commands that read data.
void add_common(CLI::App& command, CommonOptions& options);

}  // namespace kernad::cli
