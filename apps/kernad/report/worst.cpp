#include "worst.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kernad::cli {
namespace {

constexpr std::size_t kWorstRows = 10;

/// Whether a row comes before another one: of label 0 those with low log-densities, of label 1 those with high ones.
bool is_worse(std::size_t label, double a, std::size_t a_number, double b, std::size_t b_number) {
  if (a != b) return label == 0 ? a < b : a > b;
  return a_number < b_number;
}

void shorten(std::vector<KeptRow>& rows) {
  if (rows.size() > kWorstRows) rows.erase(rows.begin() + kWorstRows, rows.end());
}

}  // namespace

void WorstRows::see(const Rows& rows, std::span<const std::uint32_t> codes, std::span<const double> log_densities) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    auto& ends = kept_[codes[i]];
    for (std::size_t label = 0; label < 2; ++label) {
      auto& kept = ends[label];
      const auto place = std::ranges::find_if(kept, [&](const KeptRow& other) {
        return is_worse(label, log_densities[i], rows.numbers[i], other.log_density, other.row.numbers[0]);
      });
      if (place == kept.end() && kept.size() == kWorstRows) continue;
      kept.insert(place, {one_row(rows, i), log_densities[i]});
      shorten(kept);
    }
  }
}

std::array<std::vector<KeptRow>, 2> WorstRows::take(std::span<const std::uint8_t> meanings) {
  std::array<std::vector<KeptRow>, 2> worst;
  for (auto& [code, ends] : kept_) {
    const std::size_t label = meanings[code];
    std::ranges::move(ends[label], std::back_inserter(worst[label]));
  }
  for (std::size_t label = 0; label < 2; ++label) {
    std::ranges::sort(worst[label], [&](const KeptRow& a, const KeptRow& b) {
      return is_worse(label, a.log_density, a.row.numbers[0], b.log_density, b.row.numbers[0]);
    });
    shorten(worst[label]);
  }
  return worst;
}

}  // namespace kernad::cli
