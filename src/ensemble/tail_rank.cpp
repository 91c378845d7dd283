#include "ensemble/tail_rank.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

namespace kernad::ensemble {
namespace {

// Log-densities that should be equal differ by rounding, which depends on the instruction set. Rows this close count as
// equally dense; otherwise, rounding would decide which of them has the larger surprisal.
constexpr double kResolution = 1e-4;
// A smaller scale of the tail would amplify rounding to more than a hundredth of surprisal.
constexpr double kMinSlope = 100 * kResolution;

/// The mean excess of the least dense tenth over the row before them: the scale of an exponential tail.
double tail_slope(const std::vector<double>& descending) {
  const std::size_t n = descending.size();
  const std::size_t tenth = std::min(n, std::max<std::size_t>(2, (n + 9) / 10));
  const double start = descending[n - std::min(n, tenth + 1)];
  double excess = 0;
  for (std::size_t i = n - tenth; i < n; ++i) excess += (start - descending[i]) / static_cast<double>(tenth);
  return excess > kMinSlope ? excess : 1;
}

}  // namespace

TailRank::TailRank(std::vector<double> log_densities) : log_densities_(std::move(log_densities)) {
  assert(!log_densities_.empty());
  std::sort(log_densities_.begin(), log_densities_.end(), std::greater<>());
  const std::size_t n = log_densities_.size();
  beyond_ = std::log(static_cast<double>(n) + 1);
  for (std::size_t i = 0, next = 1; i < n; i = next++) {
    while (next < n && log_densities_[i] - log_densities_[next] <= kResolution) ++next;
    knots_.push_back(log_densities_[next - 1]);
    surprisals_.push_back(beyond_ - std::log(static_cast<double>(n - i)));
  }
  slope_ = tail_slope(log_densities_);
}

double TailRank::surprisal(double log_density) const {
  if (log_density < knots_.back()) return beyond_ + (knots_.back() - log_density) / slope_;
  const auto next = std::lower_bound(knots_.begin(), knots_.end(), log_density, std::greater<>());
  const auto i = static_cast<std::size_t>(next - knots_.begin());
  if (i == 0) return surprisals_.front();
  return std::lerp(surprisals_[i - 1], surprisals_[i], (knots_[i - 1] - log_density) / (knots_[i - 1] - knots_[i]));
}

double TailRank::log_density(double surprisal) const {
  if (surprisal > beyond_) {
    return std::max(knots_.back() - (surprisal - beyond_) * slope_, std::numeric_limits<double>::lowest());
  }
  const auto next = std::lower_bound(surprisals_.begin(), surprisals_.end(), surprisal);
  const auto i = static_cast<std::size_t>(next - surprisals_.begin());
  if (i == 0) return knots_.front();
  if (i == knots_.size()) return knots_.back();
  return std::lerp(knots_[i - 1], knots_[i], (surprisal - surprisals_[i - 1]) / (surprisals_[i] - surprisals_[i - 1]));
}

double combine(const TailRank& first, const TailRank& second, double first_log_density, double second_log_density) {
  const double surprisal = second.surprisal(second_log_density);
  if (surprisal <= second.min_surprisal()) return first_log_density;
  return std::min(first_log_density, first.log_density(surprisal));
}

}  // namespace kernad::ensemble
