// Sums of kernels so narrow that float32 places them too coarsely: references in double.
#pragma once

#include <cstddef>
#include <vector>

#include "kde/reference_set.hpp"

namespace kernad::kde {

/// Whitened rows longer than this are off by more, once rounded to float32, than a log-density above -100 may be:
/// 2^-24 |r| |q - r| with |q - r| up to sqrt(200).
inline constexpr double kMaxFloatLength = 100;
/// The same for double: 2^-53 |r| sqrt(200) is 1e-4 at 6e10.
inline constexpr double kMaxDoubleLength = 6e10;

/// One for each thread: a call allocates nothing.
class DoubleSum {
 public:
  /// references.exact is not empty, and must outlive it.
  explicit DoubleSum(const ReferenceSet& references);

  /// log sum_i w_i h_i^-k exp(-|query - r_i|^2 / (2 h_i^2)). query: r, finite.
  [[nodiscard]] double operator()(const double* query);

 private:
  const ReferenceSet& references_;
  std::vector<double> log_weights_;  // -k log h_i, or the log of its weight; empty: all 0
  std::vector<double> exponents_;
};

}  // namespace kernad::kde
