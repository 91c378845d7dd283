// From a deviation among the whitened rows back to what one can name: components and columns.
#pragma once

#include <span>
#include <vector>

#include "kernad/matrix.hpp"

namespace kernad::explanation {

/// The k x r whitening W seen from its other end. W = Q R, Q: k x r with orthonormal columns.
class WhiteningInverse {
 public:
  /// W has full column rank, as every fit's and every loaded state's has.
  explicit WhiteningInverse(const Matrix<double>& whitening);

  /// The shortest e with W^T e = whitened: k from r.
  [[nodiscard]] std::vector<double> unwhiten(std::span<const double> whitened) const;

  /// The part of `features` (k) that W^T takes to 0.
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
