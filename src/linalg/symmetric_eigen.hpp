// Eigenvalues of a symmetric matrix, all of them, and the eigenvectors of the largest.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "kernad/matrix.hpp"

namespace kernad::linalg {

struct SymmetricEigen {
  std::vector<double> values;  ///< n, descending
  Matrix<double> vectors;      ///< count x n: eigenvectors of the largest, one a row, of unit length
};

/// matrix: n x n column-major, upper triangle used, destroyed; finite. choose(values) tells how many eigenvectors are
/// wanted (0 to n), seeing all eigenvalues in descending order: the costly reduction to tridiagonal form is done once.
/// Source: LAPACK dsytrd, dsterf, dstemr (MRRR; Dhillon and Parlett 2004), dormtr.
[[nodiscard]] SymmetricEigen symmetric_eigen(std::vector<double> matrix, std::size_t n,
                                             const std::function<std::size_t(std::span<const double>)>& choose);

/// Makes the rows of `vectors` orthonormal, in order, spanning what they span (rows <= cols, independent).
void orthonormalise_rows(Matrix<double>& vectors);

/// Turns each row so that its entry of largest magnitude, the first of equals, is positive.
void fix_signs(Matrix<double>& vectors);

}  // namespace kernad::linalg
