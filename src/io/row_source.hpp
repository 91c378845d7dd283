// Rows of numbers that are pulled block by block, whatever file they lie in.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernad/io.hpp"

namespace kernad::io {

/// What is known of a table before its first row is pulled.
struct TableShape {
  std::string name;  ///< for messages: the path, with the array's name behind it for an entry of a .npz
  std::size_t columns = 0;
  std::vector<std::string> column_names;  ///< empty when the file names none
  std::optional<std::size_t> rows;        ///< a text does not say
};

/// A table that is read once, from its first row to its last.
class RowSource {
 public:
  RowSource(const RowSource&) = delete;
  RowSource& operator=(const RowSource&) = delete;
  virtual ~RowSource() = default;

  [[nodiscard]] const std::string& name() const noexcept { return shape_.name; }
  /// Values in a row; a label column is none of them.
  [[nodiscard]] std::size_t columns() const noexcept { return shape_.columns; }
  [[nodiscard]] const std::vector<std::string>& column_names() const noexcept { return shape_.column_names; }
  [[nodiscard]] const std::optional<std::size_t>& rows() const noexcept { return shape_.rows; }

  /// Writes the next rows, at most `max_rows`, to the beginning of `values`, which has room for max_rows x columns(),
  /// and appends their labels to `labels` where there is a label column. Returns how many rows: fewer than max_rows
  /// only at the end. An array's last row is not given out before everything has been checked that can only be checked
  /// behind it (bytes too many, the checksum of a .npz entry). Throws as read_table does.
  virtual std::size_t next(std::size_t max_rows, std::span<float> values, std::vector<std::string>& labels) = 0;

  /// Once everything has been pulled: moves what a text has beside features and labels into `table`.
  virtual void finish(Table& table) { (void)table; }

 protected:
  explicit RowSource(TableShape shape) : shape_(std::move(shape)) {}

 private:
  TableShape shape_;
};

/// Opens what read_table would read; the same names, options and errors.
[[nodiscard]] std::unique_ptr<RowSource> open_rows(const std::string& source, const ReadOptions& options);

/// Pulls everything that is left. Memory is allocated once where the number of rows is known.
[[nodiscard]] Table read_all(RowSource& source);

}  // namespace kernad::io
