#include "kde/bandwidth.hpp"

#include <cmath>

#include "kde/leave_one_out.hpp"
#include "kde/local_scale.hpp"
#include "kde/pair_distances.hpp"

namespace kernad::kde {

double scott_factor(double rows, std::size_t dimension) {
  return std::pow(rows, -1.0 / (static_cast<double>(dimension) + 4.0));
}

double silverman_factor(double rows, std::size_t dimension) {
  const auto k = static_cast<double>(dimension);
  return std::pow(rows * (k + 2) / 4, -1 / (k + 4));
}

BandwidthChoice choose_bandwidth(const KDEOptions& options, double rows, std::size_t dimension, int threads,
                                 const std::function<Matrix<float>()>& whitened) {
  const auto rule = options.bandwidth.rule();
  BandwidthChoice choice;
  choice.factor = rule == Bandwidth::Rule::value       ? options.bandwidth.value()
                  : rule == Bandwidth::Rule::silverman ? silverman_factor(rows, dimension)
                                                       : scott_factor(rows, dimension);
  if (rule != Bandwidth::Rule::loo && options.local_alpha == 0) return choice;
  const PairDistances pairs(whitened(), threads);
  if (options.local_alpha != 0) choice.local_factors = local_scales(pairs, options.local_alpha, threads);
  if (rule == Bandwidth::Rule::loo) {
    const double times = options.bandwidth.value();
    LooChoice best = leave_one_out(pairs, choice.local_factors, dimension, choice.factor, times, threads);
    choice.factor = times * best.bandwidth;
    choice.loo_log_sums = std::move(best.log_sums);
    choice.loo_log_likelihood = best.log_likelihood;
    choice.at_limit = best.at_limit;
  }
  return choice;
}

}  // namespace kernad::kde
