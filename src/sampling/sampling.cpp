#include "kernad/sampling.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

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
  std::vector<KeyedRow> keyed(rows);
  for (std::size_t row = 0; row < rows; ++row) keyed[row] = {row_key(seed, row), row};
  std::nth_element(keyed.begin(), keyed.begin() + static_cast<std::ptrdiff_t>(count), keyed.end());
  std::transform(keyed.begin(), keyed.begin() + static_cast<std::ptrdiff_t>(count), chosen.begin(),
                 [](const KeyedRow& entry) { return entry.second; });
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace kernad
