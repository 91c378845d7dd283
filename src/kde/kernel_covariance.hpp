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
  Matrix<double> directions;      ///< r x k: orthonormal, one a row
  std::vector<double> variances;  ///< r
  double floor = 0;               ///< variance in each of the dimensions beyond the columns; 0: there is none
  double shrinkage = 0;
};

/// Of N x k rows that lie in `dimension` >= k dimensions and do not vary in those beyond k. Directions whose variance
/// is within rounding are left out. Throws InvalidInput when all rows are identical.
template <typename T>
[[nodiscard]] KernelCovariance kernel_covariance(const linalg::Rows<T>& rows, Covariance covariance,
                                                 std::size_t dimension, int threads);

}  // namespace kernad::kde
