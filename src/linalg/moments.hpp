// Means and second moments of rows, as often as they count, in double. The bits of a result do not depend on the number
// of threads.
#pragma once

#include <vector>

#include "kernad/matrix.hpp"
#include "linalg/rows.hpp"

namespace kernad::linalg {

struct ColumnMoments {
  std::vector<double> mean;     ///< D; for a constant column exactly its value
  std::vector<double> largest;  ///< D: max |x| of a column, 0 where the column is constant
};

/// rows: at least one, finite.
template <typename T>
[[nodiscard]] ColumnMoments column_moments(const Rows<T>& rows, int threads);

/// The scatter matrix sum_i w_i (x_i - mean)^T (x_i - mean): D x D, its upper triangle in column-major order (LAPACK's
/// 'U') filled, the rest zero. Additional memory: O(D^2).
template <typename T>
[[nodiscard]] std::vector<double> scatter(const Rows<T>& rows, const std::vector<double>& mean, int threads);

/// The Gram matrix of the centred rows: N x N, with the same layout. Meant for N < D; centred is N x D in double.
[[nodiscard]] std::vector<double> gram(const Matrix<double>& centred);

/// sqrt(w_i) (x_i - mean), N x D.
template <typename T>
[[nodiscard]] Matrix<double> centre(const Rows<T>& rows, const std::vector<double>& mean, int threads);

}  // namespace kernad::linalg
