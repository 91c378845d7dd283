// The affine subspace that contains all training rows: constant columns, and columns that depend on each other exactly.
// The density has no directions outside it, and so cannot see a row that leaves it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernad/matrix.hpp"
#include "linalg/exact_moments.hpp"
#include "linalg/rows.hpp"

namespace kernad::subspace {

struct Subspace {
  std::vector<double> mean;     ///< D, of the training rows
  std::vector<double> scale;    ///< D: 1 / standard deviation; for a constant column 1 / rounding of its value
  std::vector<double> largest;  ///< D: max |x| of the training rows; 0 marks a constant column
  Matrix<double> axes;          ///< m x D: orthonormal, for standardised columns; rows do not vary along them
  double noise = 0;             ///< the greatest length of a training row along them

  /// Whether there is anything that a row could leave.
  [[nodiscard]] bool empty() const;
};

/// Scratch memory of one thread; with it, a call allocates nothing.
struct Scratch {
  explicit Scratch(std::size_t columns) : standardised(columns), outside(columns) {}

  std::vector<double> standardised;  ///< D
  std::vector<double> outside;       ///< D: the part of the row outside the subspace, in the unit of each column
};

/// rows: at least two, finite. dependencies: also look for columns that depend on each other, which means
/// something only with more rows than columns. shift: what was subtracted from the columns, which counts towards their
/// rounding; empty: nothing. moments: in place of those of the rows; null: none.
[[nodiscard]] Subspace fit(const linalg::Rows<float>& rows, bool dependencies, std::span<const double> shift,
                           int threads, const linalg::RowMoments* moments = nullptr);

/// Whether there are enough rows to conclude that columns which depend on each other in all of them always do.
[[nodiscard]] bool shows_dependencies(std::size_t rows, std::size_t columns);

/// How far outside the row lies, in units of what rounding explains with a wide margin: 0 inside, otherwise above 1.
/// Finite for finite rows.
[[nodiscard]] double distance(const Subspace& subspace, std::span<const float> row, Scratch& scratch);

/// What to subtract from each column for the row to lie in the subspace, and each column's share of the squared
/// distance. All 0 inside.
struct Outside {
  double distance = 0;
  std::vector<double> columns;
  std::vector<double> shares;
};
[[nodiscard]] Outside explain(const Subspace& subspace, std::span<const float> row);

}  // namespace kernad::subspace
