#include "committee/tail.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

namespace kernad::committee {
namespace {

// Sums of kernels are rounded to float32: of rows that are alike they differ by some 1e-7 nats. Those differences are
// no order among rows and no scale of a tail.
constexpr double kSame = 1e-5;

/// Levels what differs by less than kSame, to the least dense of each group. descending: sorted.
void level(std::vector<double>& descending) {
  for (std::size_t i = descending.size() - 1; i > 0; --i) {
    if (descending[i - 1] - descending[i] < kSame) descending[i - 1] = descending[i];
  }
}

/// The mean excess of the least dense tenth over the row before them: the scale of an exponential tail.
double tail_slope(const std::vector<double>& descending) {
  const std::size_t n = descending.size();
  const std::size_t tenth = std::min(n, std::max<std::size_t>(2, (n + 9) / 10));
  const double start = descending[n - std::min(n, tenth + 1)];
  double excess = 0;
  for (std::size_t i = n - tenth; i < n; ++i) excess += (start - descending[i]) / static_cast<double>(tenth);
  return excess > kSame ? excess : 1;
}

}  // namespace

Tail::Tail(std::vector<double> log_densities) : log_densities_(std::move(log_densities)) {
  assert(!log_densities_.empty());
  std::sort(log_densities_.begin(), log_densities_.end(), std::greater<>());
  level(log_densities_);
  const std::size_t n = log_densities_.size();
  beyond_ = std::log(static_cast<double>(n) + 1);
  for (std::size_t i = 0; i < n; ++i) {
    if (i != 0 && log_densities_[i] == log_densities_[i - 1]) continue;
    knots_.push_back(log_densities_[i]);
    rarities_.push_back(beyond_ - std::log(static_cast<double>(n - i)));
  }
  slope_ = tail_slope(log_densities_);
}

double Tail::rarity(double log_density) const {
  if (log_density < knots_.back()) return beyond_ + (knots_.back() - log_density) / slope_;
  const auto next = std::lower_bound(knots_.begin(), knots_.end(), log_density, std::greater<>());
  const auto i = static_cast<std::size_t>(next - knots_.begin());
  if (i == 0) return rarities_.front();
  return std::lerp(rarities_[i - 1], rarities_[i], (knots_[i - 1] - log_density) / (knots_[i - 1] - knots_[i]));
}

double Tail::log_density(double rarity) const {
  if (rarity > beyond_) {
    return std::max(knots_.back() - (rarity - beyond_) * slope_, std::numeric_limits<double>::lowest());
  }
  const auto next = std::lower_bound(rarities_.begin(), rarities_.end(), rarity);
  const auto i = static_cast<std::size_t>(next - rarities_.begin());
  if (i == 0) return knots_.front();
  if (i == knots_.size()) return knots_.back();
  return std::lerp(knots_[i - 1], knots_[i], (rarity - rarities_[i - 1]) / (rarities_[i] - rarities_[i - 1]));
}

double combine(const Tail& first, const Tail& second, double first_log_density, double second_log_density) {
  const double rarity = second.rarity(second_log_density);
  if (rarity <= second.least()) return first_log_density;
  return std::min(first_log_density, first.log_density(rarity));
}

}  // namespace kernad::committee
