// The bandwidth that maximises the likelihood of each training row under the kernels of the others.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kde/pair_distances.hpp"

namespace kernad::kde {

/// Maximum number of rows whose likelihood is computed: a fixed sample of the training rows. All rows are references.
inline constexpr std::size_t kLooRows = 512;
/// Number of rows for which the whole range is searched; for all rows it is narrowed to half an octave around their
/// best.
inline constexpr std::size_t kLooPilotRows = 128;

struct LooChoice {
  double bandwidth = 0;       ///< h
  double log_likelihood = 0;  ///< mean over the rows, in nats, of kernels of unit covariance: in the whitened space
  bool at_limit = false;      ///< the best bandwidth is an end of the range
  /// For each of the rows: log( sum_j h_j^-k exp(-|r_i - r_j|^2 / (2 (times h)^2 h_j^2)) ) over all rows j except i
  /// itself; copies of it count. Accurate to about 1e-4 nats, by the polynomial through the steps around h.
  std::vector<double> log_sums;
};

/// Maximises over h in [2^-4 centre, 2^3 centre] the mean of log( 1/n_i sum_j h_j^-k h^-k exp(-|r_i - r_j|^2 / (2 h^2
/// h_j^2)) ) - k/2 log(2 pi) over rows i, with the sum over the n_i rows j that are not copies of row i: at steps of
/// 1/8 octave, all from one pass over the distances, and by a parabola through the best three. local: h_j, or empty for
/// ones. dimension: k. At least two rows must differ.
[[nodiscard]] LooChoice leave_one_out(const PairDistances& pairs, std::span<const double> local, std::size_t dimension,
                                      double centre, double times, int threads);

}  // namespace kernad::kde
