// Rows block by block.
#pragma once

#include <cstddef>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "data.hpp"

namespace kernad::cli {

/// The rows of read_rows, block by block: in the memory of two blocks, of which one is read while the other is worked
/// on. Of a pipe nothing is read ahead.
class RowReader {
 public:
  /// Opens the sources. Throws as read_rows does.
  RowReader(Sources sources, const ReadOptions& options);

  /// Rows of all sources, where that is known.
  [[nodiscard]] std::optional<std::size_t> total() const { return total_; }
  /// Features of a row.
  [[nodiscard]] std::size_t columns() const { return columns_; }
  /// The next rows; an empty block only for sources without rows, of which it has the columns. None at the end.
  [[nodiscard]] std::optional<Rows> next();
  /// Those of all rows that were read.
  [[nodiscard]] std::vector<std::string> notes() const;

 private:
  Sources sources_;
  kernad::Table read();

  bool skip_missing_;
  bool reads_ahead_;
  TableReader reader_;
  std::size_t columns_;
  std::optional<std::size_t> total_;
  std::future<kernad::Table> ahead_;  // destroyed, and waited for, before the reader
  std::size_t read_ = 0;
  std::size_t skipped_ = 0;
  std::vector<std::string> notes_;
  bool any_ = false;
};

}  // namespace kernad::cli
