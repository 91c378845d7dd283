// All eigenvalues of a symmetric matrix, and the eigenvectors of the largest.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "kernad/matrix.hpp"

namespace kernad::linalg {

struct SymmetricEigen {
  std::vector<double> values;  ///< n, descending
  Matrix<double> vectors;      ///< count x n: eigenvectors of the largest, one per row, of unit length
};

/// matrix: n x n column-major, upper triangle used, destroyed; finite. choose(values) is given all eigenvalues in
/// descending order and returns how many eigenvectors are wanted (0 to n): the costly reduction to tridiagonal form is
/// done only once.
/// Source: LAPACK dsytrd, dsterf, dstemr (MRRR; Dhillon and Parlett 2004), dormtr.
[[nodiscard]] SymmetricEigen symmetric_eigen(std::vector<double> matrix, std::size_t n,
                                             const std::function<std::size_t(std::span<const double>)>& choose);

/// Makes the rows of `vectors` orthonormal, in order, without changing their span (rows <= cols, independent).
void orthonormalise_rows(Matrix<double>& vectors);

/// The length of each row's part that is no combination of the rows before it (rows <= cols). Destroys `vectors`.
[[nodiscard]] std::vector<double> parts_beyond_previous(Matrix<double>& vectors);

/// Flips the sign of each row where needed, so that its entry of largest magnitude (the first among ties) is positive.
void fix_signs(Matrix<double>& vectors);

}  // namespace kernad::linalg
