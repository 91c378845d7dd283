// Rows of numbers that are read block by block, whatever the file format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernad/io.hpp"

namespace kernad::io {

/// What is known of a table before its first row is read.
struct TableShape {
  std::string name;  ///< for messages: the path, followed by the array's name for an entry of a .npz
  std::size_t columns = 0;
  std::vector<std::string> column_names;  ///< empty if the file has none
  std::optional<std::size_t> rows;        ///< unknown for a text
  std::uint64_t first_byte = 0;           ///< position of an array in its file
  std::string label_name;                 ///< as Table::label_name
  std::vector<std::string> left_out;      ///< as Table::left_out
  std::vector<std::string> notes;         ///< as Table::notes
};

/// Rows that have been read, in order; more can be appended.
struct PulledRows {
  std::size_t count = 0;
  std::vector<float> values;  ///< of the features, row after row
  std::vector<float> rest;    ///< as Table::rest; shorter if the last values have none
  std::vector<std::string> labels;
  std::vector<double> weights;
  std::vector<TextColumn> ids;
  std::vector<TextColumn> fields;
};

/// A table that is read once, from the first row to the last.
class RowSource {
 public:
  RowSource(const RowSource&) = delete;
  RowSource& operator=(const RowSource&) = delete;
  virtual ~RowSource() = default;

  [[nodiscard]] const TableShape& shape() const noexcept { return shape_; }
  /// The notes that have come up since the last call.
  [[nodiscard]] std::vector<std::string> take_notes() { return std::exchange(shape_.notes, {}); }
  [[nodiscard]] const std::string& name() const noexcept { return shape_.name; }
  /// Number of values in a row, without a label column.
  [[nodiscard]] std::size_t columns() const noexcept { return shape_.columns; }
  [[nodiscard]] const std::vector<std::string>& column_names() const noexcept { return shape_.column_names; }
  [[nodiscard]] const std::optional<std::size_t>& rows() const noexcept { return shape_.rows; }

  /// Appends the next rows to `rows`, at most `max_rows`, which is at least 1. Returns their number, which is 0 only at
  /// the end, and less than max_rows only there or with ReadOptions::as_it_comes. An array's last row is returned only
  /// after the checks that need the end of the data (excess bytes, the checksum of a .npz entry). Throws as read_table
  /// does; `rows` is then unspecified.
  virtual std::size_t next(std::size_t max_rows, PulledRows& rows) = 0;

 protected:
  explicit RowSource(TableShape shape) : shape_(std::move(shape)) {}
  void add_note(std::string note) { shape_.notes.push_back(std::move(note)); }

 private:
  TableShape shape_;
};

/// Opens what read_table would read, with the same names, options and errors.
[[nodiscard]] std::unique_ptr<RowSource> open_rows(const std::string& source, const ReadOptions& options);

/// Appends all remaining rows. Memory is allocated once if the number of rows is known; ReadError if this process may
/// not use that much.
void pull_all(RowSource& source, PulledRows& rows);

/// The rows as a table of that shape.
[[nodiscard]] Table to_table(const TableShape& shape, PulledRows rows);

/// All remaining rows of the source.
[[nodiscard]] Table read_all(RowSource& source);

}  // namespace kernad::io
