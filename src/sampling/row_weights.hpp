// How often each row of a data set counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kernad::sampling {

/// Frequency weights: a row of weight 3 counts as three equal rows, one of weight 0 is left out.
class RowWeights {
 public:
  /// weights: one per row, or none: each row counts once. They must outlive this. Throws InvalidParameter for another
  /// number of weights, InvalidInput for a weight that is negative or not finite (with its row), for one below
  /// 2^-63 of their sum, or if they do not add up to more than 1, or to more than a row number can count.
  RowWeights(std::span<const double> weights, std::size_t rows);

  /// Whether the same can be had by repeating rows.
  [[nodiscard]] bool are_whole() const noexcept { return whole_; }
  /// Rows with a weight above 0, ascending.
  [[nodiscard]] std::vector<std::size_t> counted_rows() const;
  /// Weights of those rows.
  [[nodiscard]] std::vector<double> positive() const;
  /// Their sum.
  [[nodiscard]] double total() const noexcept { return total_; }

  /// Rows of the data set in which every row is repeated as often as its whole weight says, in place.
  [[nodiscard]] std::size_t repeated_count() const noexcept { return static_cast<std::size_t>(total_); }
  /// Which row stands at each place of that data set; places: ascending.
  [[nodiscard]] std::vector<std::size_t> rows_at(std::span<const std::size_t> places) const;

 private:
  std::span<const double> weights_;
  std::size_t rows_;
  double total_;
  bool whole_ = true;
};

}  // namespace kernad::sampling
