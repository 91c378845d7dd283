// Count, sums, products and ranges of the columns of rows, without rounding: rows can be added in any order and in
// parts, and taken out again. docs/numerics.md, "Moments of all rows".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernad/matrix.hpp"
#include "linalg/moments.hpp"
#include "linalg/positional_sums.hpp"

namespace kernad::linalg {

/// Values are taken as multiples of 2^-168, as which float32 has all of its values; others are rounded to one.
class ExactMoments {
 public:
  /// Memory: about 30 to 60 bytes for each pair of columns, by the range of magnitudes of the values.
  explicit ExactMoments(std::size_t columns);

  /// Adds rows, but those marked as left_out (one mark a row, or none). rows: finite, at most as large as float32 can
  /// be.
  template <typename T>
  void add(MatrixView<T> rows, std::span<const std::uint8_t> left_out, int threads);
  /// Adds all rows of another.
  void merge(const ExactMoments& other);
  /// Takes rows out that were added. The ranges stay.
  template <typename T>
  void subtract(MatrixView<T> rows, int threads);

  [[nodiscard]] std::size_t columns() const { return low_.size(); }
  [[nodiscard]] std::uint64_t count() const { return count_; }                ///< rows
  [[nodiscard]] const PositionalSums& sums() const { return sums_; }          ///< D
  [[nodiscard]] const PositionalSums& products() const { return products_; }  ///< of columns i <= j, by i, then j
  [[nodiscard]] std::span<const double> low() const { return low_; }          ///< D; 0 if there are no rows
  [[nodiscard]] std::span<const double> high() const { return high_; }        ///< D
  /// Of what these functions return. Carried; count > 0 unless all is 0.
  [[nodiscard]] static ExactMoments of(std::uint64_t count, PositionalSums sums, PositionalSums products,
                                       std::vector<double> low, std::vector<double> high);

 private:
  template <typename T>
  void add_part(MatrixView<T> rows, std::span<const std::uint8_t> left_out);
  void widen(const ExactMoments& other);

  std::uint64_t count_ = 0;
  PositionalSums sums_;
  PositionalSums products_;
  std::vector<double> low_;
  std::vector<double> high_;
};

/// What a fit learns of all rows.
struct RowMoments {
  ColumnMoments columns;
  std::vector<double> scatter;  ///< as linalg::scatter of `rows` rows that vary as all rows do
  std::size_t rows = 0;
};

/// shift: was subtracted from the columns (D, or empty). rows: how many the model keeps. moments: of two rows or more.
[[nodiscard]] RowMoments rounded(const ExactMoments& moments, std::span<const double> shift, std::size_t rows,
                                 int threads);

}  // namespace kernad::linalg
