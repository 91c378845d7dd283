// Output: results on standard output, everything else on standard error.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernad/fit_report.hpp"

namespace kernad::cli {

/// The reader of our standard output has closed it (`| head`). Not an error; no message is printed.
struct BrokenPipe {};

/// Writes to standard output, unbuffered; on a terminal, control characters are escaped. Throws WriteError, or
/// BrokenPipe if the pipe is closed.
void print(std::string_view text);

/// One object, indented, and a line end. Text that is not UTF-8 (a path may be) gets replacement characters.
[[nodiscard]] std::string json_text(const nlohmann::ordered_json& object);
void print_json(const nlohmann::ordered_json& object);

/// Names and values in two columns.
void print_table(const std::vector<std::pair<std::string, std::string>>& rows);

/// Rows of cells, the heading first; all of the same length.
using Grid = std::vector<std::vector<std::string>>;

/// Cells in columns: the first to the left, numbers to the right.
void print_grid(const Grid& rows);

/// "kernad: note: ..." on standard error, one line per note.
void print_notes(const std::vector<Note>& notes);
void print_notes(const std::vector<std::string>& notes);

/// "kernad: ..." on standard error, always one line: control characters, which may come from a path, are escaped. What
/// the library calls "(missing: skip)" is the option here.
void print_error(std::string_view message);

}  // namespace kernad::cli
