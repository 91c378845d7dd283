// From a deviation in whitened space back to what has a name: components and columns.
#pragma once

#include <span>
#include <vector>

#include "kernad/matrix.hpp"

namespace kernad::explanation {

/// The inverse of the k x r whitening W = Q R, Q: k x r with orthonormal columns.
class WhiteningInverse {
 public:
  /// W has full column rank, as every fit's and every loaded state's has.
  explicit WhiteningInverse(const Matrix<double>& whitening);

  /// The shortest e (k) with W^T e = whitened (r).
  [[nodiscard]] std::vector<double> unwhiten(std::span<const double> whitened) const;

  /// The part of `features` (k) that W^T maps to 0.
  [[nodiscard]] std::vector<double> null_part(std::vector<double> features) const;

 private:
  Matrix<double> basis_;       // r x k: Q^T
  Matrix<double> triangular_;  // r x r: R^T, lower
};

/// matrix (n x m) times vector (m).
[[nodiscard]] std::vector<double> multiply(const Matrix<double>& matrix, std::span<const double> vector);

/// a_i b_i for each i.
[[nodiscard]] std::vector<double> products(const std::vector<double>& a, const std::vector<double>& b);

[[nodiscard]] double length(std::span<const double> vector);

}  // namespace kernad::explanation
