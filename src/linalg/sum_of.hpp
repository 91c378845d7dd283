// Sums of many terms that are computed one by one.
#pragma once

#include <array>
#include <cstddef>
#include <numeric>

namespace kernad::linalg {

/// The sum of term(i) over i < count, in eight sums: additions to a single one would wait for each other.
template <typename Term>
[[nodiscard]] double sum_of(std::size_t count, const Term& term) {
  constexpr std::size_t kSums = 8;
  std::array<double, kSums> sums{};
  std::size_t i = 0;
  for (; i + kSums <= count; i += kSums) {
    for (std::size_t s = 0; s < kSums; ++s) sums[s] += term(i + s);
  }
  for (; i < count; ++i) sums[0] += term(i);
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace kernad::linalg
