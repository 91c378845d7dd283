#include "histogram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace kernad::cli {
namespace {

constexpr std::size_t kTicks = 5;
constexpr double kFarthest = 12;  // 80,000 spreads; beyond that only the side matters

/// Few bins for few rows, since otherwise every bar is one row; at most as many as can be distinguished on the page.
std::size_t bin_count(std::size_t rows) {
  return static_cast<std::size_t>(std::clamp(2 * std::sqrt(static_cast<double>(rows)), 20.0, 60.0));
}

std::string tick_label(double value) {
  if (std::abs(value) < 1e5) return fmt::format("{:.8g}", value);
  const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value)) + 1e-9));
  return fmt::format("{:.8g}e{}", value / std::pow(10, exponent), exponent);
}

}  // namespace

ScoreScale::ScoreScale(std::vector<double> normals) {
  std::sort(normals.begin(), normals.end());
  const auto quantile = [&](std::size_t quarter) { return normals[(normals.size() - 1) * quarter / 4]; };
  centre_ = quantile(2);
  spread_ = quantile(3) - quantile(1);
  // One row, or all equal: any width serves that is not lost to rounding next to the centre.
  if (!(spread_ > 1e-9 * std::abs(centre_)) || !std::isfinite(spread_))
    spread_ = std::max(1.0, std::abs(centre_) / 100);
}

double ScoreScale::to(double log_density) const { return std::asinh(log_density / spread_ - centre_ / spread_); }
double ScoreScale::from(double position) const { return centre_ + spread_ * std::sinh(position); }

double ScoreScale::round_near(double position, double slack) const {
  constexpr int kDecades = 16;
  const double value = from(position);
  const int largest = static_cast<int>(std::ceil(std::log10(std::max(std::abs(value), spread_))));
  for (int decade = largest; decade > largest - kDecades; --decade) {
    for (const double unit : {5.0, 2.0, 1.0}) {
      const double step = unit * std::pow(10, decade);
      const double rounded = std::round(value / step) * step + 0.0;  // no -0
      if (std::abs(to(rounded) - position) <= slack) return rounded;
    }
  }
  return value;
}

Histogram histogram(const TestResult& result, const ScoreScale& scale) {
  std::vector<double> positions(result.log_densities.size());
  std::ranges::transform(result.log_densities, positions.begin(), [&](double x) { return scale.to(x); });
  const auto [lowest, highest] = std::ranges::minmax(positions);
  Histogram bins;
  bins.low = std::clamp(lowest, -kFarthest, -0.5);
  bins.high = std::clamp(highest, 0.5, kFarthest);
  const std::size_t count = bin_count(positions.size());
  bins.normals.resize(count);
  bins.anomalies.resize(count);

  const double normals = static_cast<double>(result.metrics.normal_count);
  const double anomalies = static_cast<double>(result.metrics.anomalous_count);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (positions[i] < bins.low || positions[i] > bins.high) ++bins.clipped;
    const double share = std::clamp((positions[i] - bins.low) / (bins.high - bins.low), 0.0, 1.0);
    const auto bin = std::min(static_cast<std::size_t>(share * static_cast<double>(count)), count - 1);
    if (result.labels[i] == 1) {
      bins.anomalies[bin] += 1 / anomalies;
    } else {
      bins.normals[bin] += 1 / normals;
    }
  }
  const double spacing = (bins.high - bins.low) / kTicks;
  for (std::size_t i = 0; i < kTicks; ++i) {
    const double value = scale.round_near(bins.low + spacing * (static_cast<double>(i) + 0.5), spacing / 4);
    bins.ticks.emplace_back(scale.to(value), tick_label(value));
  }
  return bins;
}

Ticks mirrored_percentages(double highest) {
  const double least = highest / 3;  // at most three ticks per side
  const double decade = std::pow(10, std::floor(std::log10(least)));
  double step = decade;
  for (const double unit : {2.0, 5.0, 10.0}) {
    if (step < least) step = unit * decade;
  }
  Ticks ticks = {{0.0, "0 %"}};
  for (int i = 1; i * step <= highest; ++i) {
    for (const double side : {-1.0, 1.0}) ticks.emplace_back(side * i * step, fmt::format("{:.3g} %", 100 * i * step));
  }
  return ticks;
}

}  // namespace kernad::cli
