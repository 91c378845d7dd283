// The covariance of the kernels, as its principal directions and the variance along each.
#pragma once

#include <cstddef>
#include <vector>

#include "kernad/kde_options.hpp"
#include "kernad/matrix.hpp"
#include "linalg/rows.hpp"

namespace kernad::kde {

struct KernelCovariance {
  std::vector<double> mean;       ///< k, of the rows
  Matrix<double> directions;      ///< r x k: orthonormal, one per row
  std::vector<double> variances;  ///< r
  double floor = 0;               ///< variance in each of the dimensions beyond the columns; 0 without such dimensions
  double shrinkage = 0;
};

/// For N x k rows in `dimension` >= k dimensions that do not vary in those beyond k. Directions whose variance is
/// within rounding are omitted. Throws InvalidInput when all rows are identical.
template <typename T>
[[nodiscard]] KernelCovariance kernel_covariance(const linalg::Rows<T>& rows, Covariance covariance,
                                                 std::size_t dimension, int threads);

}  // namespace kernad::kde
