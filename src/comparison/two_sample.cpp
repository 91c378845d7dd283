#include "comparison/two_sample.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

namespace kernad::comparison {
namespace {

constexpr std::size_t kMaxExact = std::size_t{1} << 21;

/// The probability that a random path from (0, 0) to (m, n), each with the same probability, comes to a point where the
/// distribution functions differ by that many steps. Backwards: with probability i / (i + j) the path came to (i, j)
/// from (i - 1, j). Sums of positive terms, so that small probabilities are as precise as large ones.
double exact(const Distance& distance, Sides sides) {
  const auto m = static_cast<std::int64_t>(distance.m);
  const auto n = static_cast<std::int64_t>(distance.n);
  const auto differs = [&](std::int64_t i, std::int64_t j) {
    const std::int64_t steps = i * n - j * m;
    return (sides == Sides::two ? std::abs(steps) : steps) >= distance.steps;
  };
  std::vector<double> met(distance.n + 1);  // of the points (i, j), for one i after the other
  for (std::int64_t i = 0; i <= m; ++i) {
    for (std::int64_t j = 0; j <= n; ++j) {
      double& here = met[static_cast<std::size_t>(j)];
      if (differs(i, j)) {
        here = 1;
      } else if (i + j > 0) {
        const double from_left = j == 0 ? 0.0 : met[static_cast<std::size_t>(j) - 1];
        here = (here * static_cast<double>(i) + from_left * static_cast<double>(j)) / static_cast<double>(i + j);
      }
    }
  }
  return met.back();
}

double in_the_limit(const Distance& distance, Sides sides) {
  const auto m = static_cast<double>(distance.m);
  const auto n = static_cast<double>(distance.n);
  const double square = distance.value() * distance.value() * m / (m + n) * n;
  if (sides == Sides::one) return std::exp(-2 * square);
  double sum = 0;
  for (int k = 1; k <= 100; ++k) {
    const double term = 2 * std::exp(-2 * k * k * square);
    sum += k % 2 == 1 ? term : -term;
    if (term < 1e-17 * sum) return std::min(sum, 1.0);
  }
  return 1;  // the series converges slowly only where it is 1
}

}  // namespace

double p_value(const Distance& distance, Sides sides) {
  if (distance.steps <= 0 || distance.n == 0) return 1;
  return distance.m <= kMaxExact / distance.n ? exact(distance, sides) : in_the_limit(distance, sides);
}

std::int64_t critical_steps(std::size_t m, std::size_t n, double level, Sides sides) {
  std::int64_t none = 0;
  std::int64_t enough = static_cast<std::int64_t>(m * n) + 1;
  while (enough - none > 1) {
    const std::int64_t middle = none + (enough - none) / 2;
    (p_value({middle, m, n}, sides) <= level ? enough : none) = middle;
  }
  return enough;
}

RankCounts::RankCounts(std::span<const double> known, std::span<const double> tolerance)
    : lower_(known.begin(), known.end()), upper_(lower_), below_(known.size() + 1), up_to_(known.size() + 1) {
  for (std::size_t i = 0; i < tolerance.size(); ++i) {
    lower_[i] -= tolerance[i];
    upper_[i] += tolerance[i];
  }
}

void RankCounts::add(double value) {
  ++added_;
  ++below_[static_cast<std::size_t>(std::ranges::upper_bound(lower_, value) - lower_.begin())];
  ++up_to_[static_cast<std::size_t>(std::ranges::lower_bound(upper_, value) - upper_.begin())];
}

RankCounts::Largest RankCounts::smaller() const {
  Largest largest = {{0, known(), added_}, 0, 0};
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < known(); ++i) {  // just below known value i
    below += below_[i];
    const auto steps = static_cast<std::int64_t>(below * known()) - static_cast<std::int64_t>(i * added_);
    if (steps > largest.distance.steps) largest = {{steps, known(), added_}, below, i};
  }
  return largest;
}

RankCounts::Largest RankCounts::larger() const {
  Largest largest = {{0, known(), added_}, 0, 0};
  std::uint64_t up_to = 0;
  for (std::size_t i = 0; i < known(); ++i) {  // just above known value i
    up_to += up_to_[i];
    const auto steps = static_cast<std::int64_t>((i + 1) * added_) - static_cast<std::int64_t>(up_to * known());
    if (steps > largest.distance.steps) largest = {{steps, known(), added_}, up_to, i + 1};
  }
  return largest;
}

RankCounts::Largest RankCounts::two_sided() const {
  const Largest down = smaller();
  const Largest up = larger();
  return up.distance.steps > down.distance.steps ? up : down;
}

}  // namespace kernad::comparison
