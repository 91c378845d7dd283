// How often each row of the input counts.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "data.hpp"

namespace kernad::cli {

/// Whether `weights` is a column of the sources, rather than a file.
[[nodiscard]] bool is_weight_column(const Sources& sources, const std::string& weights, ReadOptions options);

/// The weights of rows that are read block by block: those that the rows have from their table, or of a file of one
/// number per row of the sources. That file is read in blocks as well if its numbers are below one another.
class WeightReader {
 public:
  /// file: empty if the tables have weights.
  WeightReader(Sources sources, std::string file);

  /// The weight of each of the rows. Throws InvalidInput for invalid weights.
  [[nodiscard]] std::vector<double> of(const Rows& rows);
  /// Called once all rows were read. Throws InvalidInput if there were not as many weights.
  void require_end();

 private:
  [[nodiscard]] std::vector<double> next(std::size_t count);

  Sources sources_;
  std::string file_;
  std::optional<TableReader> reader_;  // of a column of numbers
  std::vector<double> row_;            // of a row of numbers
  std::size_t read_ = 0;               // rows
  std::size_t weights_ = 0;            // for them
};

}  // namespace kernad::cli
