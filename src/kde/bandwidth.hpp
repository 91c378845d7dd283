// The bandwidth factor h, and each row's own factor h_i.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <vector>

#include "kernad/kde_options.hpp"
#include "kernad/matrix.hpp"

namespace kernad::kde {

/// Scott's rule: N^(-1/(k+4)).
[[nodiscard]] double scott_factor(double rows, std::size_t dimension);
/// Silverman's rule: (N (k+2) / 4)^(-1/(k+4)).
[[nodiscard]] double silverman_factor(double rows, std::size_t dimension);

struct BandwidthChoice {
  double factor = 0;                  ///< h
  std::vector<double> local_factors;  ///< h_i, N; empty: all 1
  /// Mean log-likelihood of the whitened rows, see leave_one_out; NaN for the other rules.
  double loo_log_likelihood = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> loo_log_sums;  ///< at the chosen factor, see LooChoice
  bool at_limit = false;             ///< the leave-one-out likelihood is highest at an end of the search range
};

/// rows: N, each counted by its weight. whitened: returns the N x r rows whitened for h = 1; called only when distances
/// between rows are needed. dimension: of the density.
[[nodiscard]] BandwidthChoice choose_bandwidth(const KDEOptions& options, double rows, std::size_t dimension,
                                               int threads, const std::function<Matrix<float>()>& whitened);

}  // namespace kernad::kde
