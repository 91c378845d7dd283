#include "histogram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace kernad::cli {
namespace {

constexpr std::size_t kBins = 40;
constexpr std::size_t kTicks = 5;
constexpr double kFarthest = 12;  // 80,000 spreads; beyond that only the side matters

std::string tick_label(double value) {
  return std::abs(value) < 1e5 ? fmt::format("{:.{}f}", value, std::abs(value) < 10 ? 1 : 0)
                               : fmt::format("{:.0e}", value);
}

}  // namespace

ScoreScale::ScoreScale(std::vector<double> normals) {
  std::sort(normals.begin(), normals.end());
  const auto quantile = [&](std::size_t quarter) { return normals[(normals.size() - 1) * quarter / 4]; };
  centre_ = quantile(2);
  spread_ = quantile(3) - quantile(1);
  // One row, or all alike: any width will do that can be told from the centre.
  if (!(spread_ > 1e-9 * std::abs(centre_)) || !std::isfinite(spread_))
    spread_ = std::max(1.0, std::abs(centre_) / 100);
}

double ScoreScale::to(double log_density) const { return std::asinh(log_density / spread_ - centre_ / spread_); }
double ScoreScale::from(double position) const { return centre_ + spread_ * std::sinh(position); }

Histogram histogram(std::span<const double> log_densities, std::span<const std::uint8_t> labels,
                    const ScoreScale& scale) {
  std::vector<double> positions(log_densities.size());
  std::transform(log_densities.begin(), log_densities.end(), positions.begin(), [&](double x) { return scale.to(x); });
  const auto [lowest, highest] = std::minmax_element(positions.begin(), positions.end());
  Histogram result;
  result.low = std::clamp(*lowest, -kFarthest, -0.5);
  result.high = std::clamp(*highest, 0.5, kFarthest);
  result.normals.resize(kBins);
  result.anomalies.resize(kBins);

  const auto anomalies = static_cast<double>(std::count(labels.begin(), labels.end(), std::uint8_t{1}));
  const double normals = static_cast<double>(labels.size()) - anomalies;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (positions[i] < result.low || positions[i] > result.high) ++result.clipped;
    const double share = std::clamp((positions[i] - result.low) / (result.high - result.low), 0.0, 1.0);
    const auto bin = std::min(static_cast<std::size_t>(share * kBins), kBins - 1);
    if (labels[i] == 1) {
      result.anomalies[bin] += 1 / anomalies;
    } else {
      result.normals[bin] += 1 / normals;
    }
  }
  for (std::size_t i = 0; i < kTicks; ++i) {
    const double at = result.low + (result.high - result.low) * (static_cast<double>(i) + 0.5) / kTicks;
    result.ticks.emplace_back(at, tick_label(scale.from(at)));
  }
  return result;
}

}  // namespace kernad::cli
