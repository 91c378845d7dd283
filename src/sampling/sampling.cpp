#include "kernad/sampling.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "kernad/interrupt.hpp"

namespace kernad {

std::uint64_t row_key(std::uint64_t seed, std::uint64_t row) noexcept {
  const auto mix = [](std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  };
  // The seed is mixed first; otherwise seeds s and s + 1 would give the same keys, shifted by one row.
  return mix(mix(seed + 0x9e3779b97f4a7c15U) ^ (row * 0x9e3779b97f4a7c15U));
}

std::vector<std::size_t> sample_rows(std::size_t rows, std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> chosen(std::min(rows, count));
  if (count >= rows) {
    std::iota(chosen.begin(), chosen.end(), std::size_t{0});
    return chosen;
  }
  using KeyedRow = std::pair<std::uint64_t, std::size_t>;
  // Memory for twice the sample, however many rows there are: weights may count billions.
  std::vector<KeyedRow> keyed;
  keyed.reserve(std::min(rows, 2 * count + 1));
  KeyedRow most = {std::numeric_limits<std::uint64_t>::max(), rows};  // as large, and a row is not in the sample
  const auto keep_smallest = [&] {
    const auto place = keyed.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(keyed.begin(), place, keyed.end());
    most = *place;
    keyed.resize(count);
  };
  for (std::size_t row = 0; row < rows; ++row) {
    if (row % (std::size_t{1} << 20) == 0) InterruptScope::ask();
    const KeyedRow next = {row_key(seed, row), row};
    if (next >= most) continue;
    keyed.push_back(next);
    if (keyed.size() > 2 * count) keep_smallest();
  }
  if (keyed.size() > count) keep_smallest();
  std::transform(keyed.begin(), keyed.end(), chosen.begin(), [](const KeyedRow& entry) { return entry.second; });
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace kernad
