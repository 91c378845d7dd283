// The output of `predict`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kernad/io.hpp"

namespace kernad::cli {

/// A column of the output: numbers, whole numbers or texts, one for each row read. NaN marks a row without a score.
struct OutputColumn {
  std::string name;
  std::variant<std::vector<double>, std::vector<std::size_t>, std::vector<std::string>> values;
};

/// The table to write; `rows` are the rows of the columns to include, in this order.
struct Output {
  std::vector<OutputColumn> columns;
  std::vector<std::size_t> rows;
  std::vector<bool> scored;  ///< of all rows; the label of the others is empty
};

/// Throws InvalidParameter unless `path` ends in .csv, .tsv, .jsonl, .ndjson, .json or .npy.
void require_known_ending(const std::string& path);

/// Whether rows can be written to such a file one after another: .csv, .tsv, .jsonl, .ndjson.
[[nodiscard]] bool can_be_streamed(const std::string& path);

/// Writes scores block by block.
class ScoresWriter {
 public:
  /// path: empty for a .csv on standard output. A file appears only with finish(). Throws WriteError.
  explicit ScoresWriter(const std::string& path);

  /// Appends rows; the columns are always the same.
  void write(const Output& output);
  void finish();

 private:
  std::string ending_;
  std::optional<AtomicFile> file_;
  bool with_heading_ = true;
};

/// A heading and one line per row. Numbers are as short as possible while they read back as the same double.
[[nodiscard]] std::string csv_text(const Output& output, char delimiter = ',', bool with_heading = true);
/// One object: "rows", and each column with one value per row.
[[nodiscard]] std::string json_text(const Output& output);
/// One object per row.
[[nodiscard]] std::string json_lines_text(const Output& output);

/// All of it in the format of the path's ending, written completely or not at all. A .npy holds only log_density.
void write_output(const std::string& path, const Output& output);

}  // namespace kernad::cli
