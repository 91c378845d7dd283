// Runs the real kernad, as a shell would, and returns its output and status.
#pragma once

#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

namespace kernad::testing {

struct Outcome {
  int status = -1;  ///< exit status; 1000 + signal if one ended it
  std::string out;
  std::string err;
};

/// Runs kernad in a folder of the test's own.
class Command {
 public:
  /// Where standard output goes: "" captures it, "|" is a pipe without a reader, anything else is opened as a file.
  Outcome operator()(const std::vector<std::string>& arguments, const std::string& in = "",
                     const std::string& out = "") const;

  /// Whether this machine lets a process open a terminal: some containers do not.
  [[nodiscard]] static bool has_terminals();
  /// What a terminal gets from it, in which standard output ends; a few kilobytes at most.
  [[nodiscard]] std::string on_terminal(const std::vector<std::string>& arguments) const;

  [[nodiscard]] const TemporaryFolder& folder() const { return folder_; }

 private:
  TemporaryFolder folder_;
  TemporaryFolder captured_;
};

/// Runs any program, words[0], found in PATH; `out` holds both output streams.
[[nodiscard]] Outcome run_program(const std::vector<std::string>& words);

/// CSV of `rows` rows near 0 and `anomalies` rows far from it, four columns and a label called "class", with a heading.
[[nodiscard]] std::string labelled_csv(std::size_t rows, std::size_t anomalies);

/// How many lines `text` has.
[[nodiscard]] std::size_t lines(const std::string& text);

}  // namespace kernad::testing
