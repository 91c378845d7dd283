#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

#include "kde/kde_state.hpp"

namespace kernad::kde {
namespace {

/// a + b in the currency of partial sums.
kernels::MaxSum merge(const kernels::MaxSum& a, const kernels::MaxSum& b) {
  const double max = std::max(a.max, b.max);
  return {max, a.sum * std::exp(a.max - max) + b.sum * std::exp(b.max - max)};
}

}  // namespace

void log_density_block(const State& state, const kernels::KernelTable& kernels, const double* queries,
                       std::size_t stride, std::size_t rows, double* out) {
  assert(rows <= kBlockQueries);
  constexpr std::size_t kPanelRows = kernels::kExactPanelTiles * kernels::kTileRows;
  const auto& dataset = state.dataset;
  std::array<kernels::MaxSum, kBlockQueries> sums;
  // Panels outside, queries inside: a panel stays in the cache for the whole block.
  for (std::size_t first = 0; first < dataset.count; first += kPanelRows) {
    const float* tiles = dataset.tile(first / kernels::kTileRows);
    const std::size_t count = std::min(kPanelRows, dataset.count - first);
    for (std::size_t q = 0; q < rows; ++q) {
      const auto partial = kernels.log_sum_exact(queries + q * stride, tiles, count, dataset.dimension);
      sums[q] = first == 0 ? partial : merge(sums[q], partial);
    }
  }
  const double offset = state.log_norm - std::log(static_cast<double>(dataset.count));
  for (std::size_t q = 0; q < rows; ++q) out[q] = offset + sums[q].max + std::log(sums[q].sum);
}

std::vector<double> exp_saturating(std::span<const double> log_values) {
  std::vector<double> values(log_values.size());
  std::transform(log_values.begin(), log_values.end(), values.begin(),
                 [](double x) { return std::min(std::exp(x), std::numeric_limits<double>::max()); });
  return values;
}

}  // namespace kernad::kde
