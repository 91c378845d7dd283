#include "model/odd.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace kernad::images {
namespace {

constexpr std::size_t kMinImages = 10;
constexpr double kChance = 0.001;  // of a normal set to lose an image

}  // namespace

// The spacings of exponential order statistics are independent: that below the i-th largest is exponential with mean
// b / i (Renyi 1953). Let j be odd, and m the number of the others above their median. The gap is the j-th spacing; the
// mean excess of those m over the next below is b / m times the sum over i = j + 1 .. j + m of (i - j) / i e_i with
// standard exponential e_i. So P(gap >= x times mean excess) = E exp(-j x mean excess / b), a product of Laplace
// transforms.
double chance_of_gap(const std::vector<double>& descending, std::size_t odd) {
  const std::size_t tail = (descending.size() - odd) / 2;
  if (odd == 0 || tail == 0) return 1;
  const double base = descending[odd + tail];
  double excess = 0;
  for (std::size_t i = odd; i < odd + tail; ++i) excess += descending[i] - base;
  if (!(excess > 0)) return 1;  // copies of one image show no spread
  const double ratio = (descending[odd - 1] - descending[odd]) * static_cast<double>(tail) / excess;
  double chance = 1;
  for (std::size_t i = odd + 1; i <= odd + tail; ++i) {
    const double share = static_cast<double>(i - odd) / static_cast<double>(i);
    chance /= 1 + ratio * static_cast<double>(odd) * share / static_cast<double>(tail);
  }
  return chance;
}

std::vector<std::size_t> beyond_gap(const std::vector<double>& surprisals) {
  const std::size_t count = surprisals.size();
  if (count < kMinImages) return {};
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t i) { return surprisals[i]; });
  std::vector<double> descending(count);
  std::ranges::transform(order, descending.begin(), [&](std::size_t i) { return surprisals[i]; });
  const std::size_t most = std::max<std::size_t>(1, count / 100);
  for (std::size_t odd = most; odd >= 1; --odd) {
    if (chance_of_gap(descending, odd) > kChance / static_cast<double>(most)) continue;
    order.resize(odd);
    return order;
  }
  return {};
}

}  // namespace kernad::images
