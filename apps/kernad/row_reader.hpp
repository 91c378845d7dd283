// Rows block by block.
#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data.hpp"

namespace kernad::cli {

/// The rows of read_rows, block by block, in the memory of two blocks: one is read while the other is processed. A pipe
/// is not read ahead.
class RowReader {
 public:
  /// Opens the sources. Throws as read_rows does.
  RowReader(Sources sources, const ReadOptions& options);

  /// Number of rows of all sources, if known.
  [[nodiscard]] std::optional<std::size_t> total() const { return total_; }
  /// Number of features of a row.
  [[nodiscard]] std::size_t columns() const { return columns_; }
  /// Labels of all rows of a table, as complete_rows takes them.
  using LabelsOf = std::function<std::vector<std::uint8_t>(const kernad::Table&)>;
  /// The next rows, or none at the end. For sources without rows, an empty block with their columns.
  [[nodiscard]] std::optional<Rows> next(const LabelsOf& labels_of = {});
  /// The number of the first row of each source; valid once all rows were read.
  [[nodiscard]] std::span<const std::size_t> first_rows() const { return reader_.first_rows(); }
  /// Notes on all rows that were read; `more` come before that of rows that were left out.
  [[nodiscard]] std::vector<std::string> notes(const std::vector<std::string>& more = {}) const;

 private:
  Sources sources_;
  kernad::Table read();

  bool skip_missing_;
  bool reads_ahead_;
  TableReader reader_;
  std::size_t columns_;
  std::optional<std::size_t> total_;
  std::future<kernad::Table> ahead_;  // destroyed, which waits for it, before the reader
  std::size_t read_ = 0;
  std::size_t skipped_ = 0;
  std::vector<std::string> notes_;
  bool any_ = false;
};

}  // namespace kernad::cli
