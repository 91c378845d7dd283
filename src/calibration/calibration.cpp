#include "kernad/calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernad/error.hpp"

namespace kernad {
namespace {

/// The largest m with m / (n + 1) <= fpr, compared as doubles. A p-value is a number of such steps, and "p <= fpr" must
/// mean the same as "at most m steps"; the rounded product alone can be a step off.
std::size_t steps_within(double fpr, std::size_t n) {
  const double parts = static_cast<double>(n) + 1;
  double steps = std::floor(fpr * parts);
  while (steps / parts > fpr) --steps;
  while ((steps + 1) / parts <= fpr) ++steps;
  return static_cast<std::size_t>(steps);
}

}  // namespace

Calibration::Calibration(std::vector<double> log_densities, std::size_t folds)
    : sorted_(std::move(log_densities)), folds_(folds) {
  if (sorted_.empty()) throw InvalidInput("no rows to calibrate on; at least 1 is needed");
  for (std::size_t i = 0; i < sorted_.size(); ++i) {
    // No double is below the lowest one, so there is no threshold.
    if (!std::isfinite(sorted_[i]) || sorted_[i] == std::numeric_limits<double>::lowest()) {
      throw InvalidInput(fmt::format("calibration log-density {} is {}; valid: finite values", i, sorted_[i]));
    }
  }
  std::sort(sorted_.begin(), sorted_.end());
}

std::vector<double> Calibration::p_values(std::span<const double> log_densities) const {
  const double parts = static_cast<double>(size()) + 1;
  std::vector<double> result(log_densities.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (std::isnan(log_densities[i])) throw InvalidInput(fmt::format("log-density {} is NaN; valid: a number", i));
    const auto above = std::upper_bound(sorted_.begin(), sorted_.end(), log_densities[i]);
    result[i] = (1 + static_cast<double>(above - sorted_.begin())) / parts;
  }
  return result;
}

double Calibration::smallest_fpr() const noexcept { return 1 / (static_cast<double>(size()) + 1); }

void Calibration::require_fpr(double fpr, std::size_t rows) {
  if (!(fpr > 0 && fpr < 1)) {
    throw InvalidParameter(fmt::format("the target false-positive rate is {}; valid: above 0 and below 1", fpr));
  }
  if (steps_within(fpr, rows) == 0) {
    throw InvalidParameter(
        fmt::format("a false-positive rate of {} cannot be promised from {} calibration rows; the smallest is 1/{} = "
                    "{:.3g}; give more normal rows or ask for that",
                    fpr, rows, rows + 1, 1 / (static_cast<double>(rows) + 1)));
  }
}

double Calibration::threshold(double fpr) const {
  require_fpr(fpr, size());
  const std::size_t steps = steps_within(fpr, size());
  // p <= fpr where at most steps - 1 calibration rows are at or below: strictly below the steps-th of them.
  return std::nextafter(sorted_[steps - 1], -std::numeric_limits<double>::infinity());
}

std::vector<std::uint8_t> benjamini_hochberg(std::span<const double> p_values, double fdr) {
  if (!(fdr > 0 && fdr < 1)) {
    throw InvalidParameter(fmt::format("the false-discovery rate is {}; valid: above 0 and below 1", fdr));
  }
  for (std::size_t i = 0; i < p_values.size(); ++i) {
    if (!(p_values[i] >= 0 && p_values[i] <= 1)) {
      throw InvalidInput(fmt::format("p-value {} is {}; valid: 0 to 1", i, p_values[i]));
    }
  }
  std::vector<double> sorted(p_values.begin(), p_values.end());
  std::sort(sorted.begin(), sorted.end());
  const auto count = static_cast<double>(sorted.size());
  std::size_t called = sorted.size();
  while (called > 0 && sorted[called - 1] > fdr * static_cast<double>(called) / count) --called;

  std::vector<std::uint8_t> labels(p_values.size());
  if (called == 0) return labels;
  const double largest = sorted[called - 1];
  std::transform(p_values.begin(), p_values.end(), labels.begin(), [&](double p) { return p <= largest; });
  return labels;
}

}  // namespace kernad
