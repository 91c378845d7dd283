// Sums of kernels too narrow for float32 coordinates: the references are in double.
#pragma once

#include <cstddef>
#include <vector>

#include "kde/reference_set.hpp"

namespace kernad::kde {

/// Rounding whitened rows longer than this to float32 changes log-densities above -100 by more than is allowed: 2^-24
/// |r| |q - r| with |q - r| up to sqrt(200).
inline constexpr double kMaxFloatLength = 100;
/// The same for double: 2^-53 |r| sqrt(200) is 1e-4 at 6e10.
inline constexpr double kMaxDoubleLength = 6e10;

/// One for each thread: a call allocates nothing.
class DoubleSum {
 public:
  /// references.exact must not be empty; references must outlive this object.
  explicit DoubleSum(const ReferenceSet& references);

  /// log sum_i w_i h_i^-k exp(-|query - r_i|^2 / (2 h_i^2)). query: r, finite.
  [[nodiscard]] double operator()(const double* query);

 private:
  const ReferenceSet& references_;
  std::vector<double> log_weights_;  // -k log h_i, or the log of its weight; empty: all 0
  std::vector<double> exponents_;
};

}  // namespace kernad::kde
