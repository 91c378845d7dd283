#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "kernad/calibration.hpp"
#include "kernad/error.hpp"
#include "kernad/metrics.hpp"

namespace kernad {

std::string_view to_string(ThresholdRule rule) noexcept {
  static constexpr std::array<std::string_view, 4> kNames = {"target_fpr", "log_density", "probability", "f1_max"};
  return kNames[static_cast<std::size_t>(rule)];
}

Threshold Threshold::at_target_fpr(double fpr, const Calibration& calibration) {
  return {ThresholdRule::target_fpr, fpr, calibration.threshold(fpr)};
}

Threshold Threshold::at_log_density(double log_density) {
  if (!std::isfinite(log_density)) {
    throw InvalidParameter(fmt::format("the threshold is {}; valid: a finite log-density", log_density));
  }
  return {ThresholdRule::log_density, log_density, log_density};
}

Threshold Threshold::at_probability(double probability) {
  if (!(probability > 0 && probability < 1)) {
    throw InvalidParameter(fmt::format("the threshold's probability is {}; valid: above 0 and below 1", probability));
  }
  const double log_odds = std::log1p(-probability) - std::log(probability);
  return {ThresholdRule::probability, probability, probability_midpoint + log_odds / probability_slope};
}

Threshold Threshold::at_largest_f1(std::span<const double> log_densities, std::span<const std::uint8_t> labels) {
  std::vector<double> scores(log_densities.size());
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = 0.0 - log_densities[i];  // no -0
  const double threshold = 0.0 - evaluate(scores, labels).F1Max_threshold;
  if (!std::isfinite(threshold)) {
    throw InvalidInput(fmt::format("the log-density of largest F1 is {}; valid: finite values", threshold));
  }
  return {ThresholdRule::f1_max, threshold, threshold};
}

std::vector<std::uint8_t> Threshold::labels(std::span<const double> log_densities) const {
  std::vector<std::uint8_t> result(log_densities.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (std::isnan(log_densities[i])) throw InvalidInput(fmt::format("log-density {} is NaN; valid: a number", i));
    result[i] = log_densities[i] <= log_density ? 1 : 0;
  }
  return result;
}

std::vector<double> Threshold::scores(std::span<const double> log_densities) const {
  const auto called = labels(log_densities);
  std::vector<double> result(log_densities.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = 1 / (1 + std::exp(probability_slope * (log_densities[i] - log_density)));
    // A row just above the threshold would round to 0.5.
    if (called[i] == 0) result[i] = std::min(result[i], std::nextafter(0.5, 0.0));
  }
  return result;
}

}  // namespace kernad
