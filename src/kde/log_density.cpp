// The log-density of whitened queries: float32 sums of all references for the many queries that are near some of them,
// double for the few that are not. The error bounds are in docs/numerics.md, "Scoring".
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

#include "kde/kde_state.hpp"

namespace kernad::kde {
namespace {

using kernels::kTileRows;

// Expanded distances |q|^2 + |r|^2 - 2 q.r lose about 5e-8 |q|^2 to cancellation; differences lose 6e-8 |q| |q - r|.
// Beyond the larger limit, and in few dimensions, where the expanded form saves nothing, they are not used.
constexpr double kExpandedLimit = 512;
constexpr double kDifferenceLimit = 4096;
constexpr std::size_t kExpandedMinDimension = 5;

// Exponentials are summed as 2^60 exp(-|q - r|^2 / 2), so that float32 holds what is as small as 2^-186. A sum under
// 2^-80 may have lost terms; one above has lost less than a share of 2^-46 of each.
constexpr double kShift = 60;
constexpr double kSmallestSum = 0x1p-80;

// A panel of references stays in the first-level cache while the queries of a block pass; a stretch of panels is summed
// in float32 (512 additions a lane), stretches in double.
constexpr std::size_t kPanelFloats = 6 * 1024;
constexpr std::size_t kStretchTiles = 512;

double square(const double* x, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += x[i] * x[i];
  return sum;
}

/// a + b in the currency of partial sums.
kernels::MaxSum merge(const kernels::MaxSum& a, const kernels::MaxSum& b) {
  const double max = std::max(a.max, b.max);
  return {max, a.sum * std::exp(a.max - max) + b.sum * std::exp(b.max - max)};
}

}  // namespace

BlockScorer::BlockScorer(const State& state)
    : state_(state), values_(kBlockQueries * state.dataset.dimension), lanes_(kBlockQueries * kTileRows) {}

void BlockScorer::score(const kernels::KernelTable& kernels, const double* queries, std::size_t stride,
                        std::size_t rows, double* out) {
  assert(rows <= kBlockQueries);
  const std::size_t dimension = state_.dataset.dimension;
  const double offset = state_.log_norm - std::log(static_cast<double>(state_.dataset.count));
  std::array<double, kBlockQueries> squares;
  std::array<double, kBlockQueries> sums{};
  for (std::size_t q = 0; q < rows; ++q) squares[q] = square(queries + q * stride, dimension);

  const double expanded_limit = dimension < kExpandedMinDimension ? -1 : kExpandedLimit;
  const auto select = [&](double above, double limit) {
    group_size_ = 0;
    for (std::size_t q = 0; q < rows; ++q) {
      if (squares[q] > above && squares[q] <= limit) group_[group_size_++] = static_cast<std::uint8_t>(q);
    }
  };
  select(-1, expanded_limit);
  if (group_size_ != 0) sum_group(kernels, Form::expanded, queries, stride, sums.data());
  select(expanded_limit, kDifferenceLimit);
  if (group_size_ != 0) sum_group(kernels, Form::difference, queries, stride, sums.data());

  group_size_ = 0;
  for (std::size_t q = 0; q < rows; ++q) {
    if (sums[q] >= kSmallestSum) {
      out[q] = offset + std::log(sums[q]) - kShift * std::numbers::ln2;
    } else {
      group_[group_size_++] = static_cast<std::uint8_t>(q);
    }
  }
  if (group_size_ != 0) sum_exactly(kernels, queries, stride, out);
  for (std::size_t i = 0; i < group_size_; ++i) out[group_[i]] += offset;
}

/// Float32 sums of the group's queries, shifted by 2^60, into sums[query].
void BlockScorer::sum_group(const kernels::KernelTable& kernels, Form form, const double* queries, std::size_t stride,
                            double* sums) {
  const auto& dataset = state_.dataset;
  const std::size_t dimension = dataset.dimension;
  const bool expanded = form == Form::expanded;
  for (std::size_t i = 0; i < group_size_; ++i) {
    const double* query = queries + group_[i] * stride;
    float* value = values_.data() + i * dimension;
    const double scale = expanded ? std::numbers::log2e : 1.0;
    for (std::size_t d = 0; d < dimension; ++d) value[d] = static_cast<float>(scale * query[d]);
    const double bias = kShift - (expanded ? 0.5 * std::numbers::log2e * square(query, dimension) : 0.0);
    bias_[i] = static_cast<float>(bias);
    correction_[i] = std::exp2(bias - static_cast<double>(bias_[i]));
  }

  const kernels::FusedQueries block{values_.data(), bias_.data(), lanes_.data(), group_size_, dimension};
  const float* bias = expanded ? dataset.expanded_bias.data() : dataset.difference_bias.data();
  const auto sum = expanded ? kernels.sum_expanded : kernels.sum_difference;
  const std::size_t tiles = kernels::round_up(dataset.count, kTileRows) / kTileRows;
  const std::size_t panel = std::max<std::size_t>(2, kPanelFloats / (kTileRows * dimension) / 2 * 2);
  for (std::size_t stretch = 0; stretch < tiles; stretch += kStretchTiles) {
    const std::size_t end = std::min(tiles, stretch + kStretchTiles);
    std::fill_n(lanes_.begin(), group_size_ * kTileRows, 0.0F);
    for (std::size_t t = stretch; t < end; t += panel) {
      sum(block, {dataset.tile(t), bias + t * kTileRows, std::min(panel, end - t), dimension});
    }
    for (std::size_t i = 0; i < group_size_; ++i) {
      double total = 0;
      for (std::size_t lane = 0; lane < kTileRows; ++lane) total += static_cast<double>(lanes_[i * kTileRows + lane]);
      sums[group_[i]] += total * correction_[i];
    }
  }
}

/// log of the sum of the group's queries, in double, into out[query].
void BlockScorer::sum_exactly(const kernels::KernelTable& kernels, const double* queries, std::size_t stride,
                              double* out) {
  constexpr std::size_t kPanelRows = kernels::kExactPanelTiles * kTileRows;
  const auto& dataset = state_.dataset;
  std::array<kernels::MaxSum, kBlockQueries> sums;
  // Panels outside, queries inside: a panel stays in the cache for the whole group.
  for (std::size_t first = 0; first < dataset.count; first += kPanelRows) {
    const std::size_t count = std::min(kPanelRows, dataset.count - first);
    for (std::size_t i = 0; i < group_size_; ++i) {
      const auto partial = kernels.log_sum_exact(queries + group_[i] * stride, dataset.tile(first / kTileRows), count,
                                                 dataset.dimension);
      sums[i] = first == 0 ? partial : merge(sums[i], partial);
    }
  }
  for (std::size_t i = 0; i < group_size_; ++i) out[group_[i]] = sums[i].max + std::log(sums[i].sum);
}

std::vector<double> exp_saturating(std::span<const double> log_values) {
  std::vector<double> values(log_values.size());
  std::transform(log_values.begin(), log_values.end(), values.begin(),
                 [](double x) { return std::min(std::exp(x), std::numeric_limits<double>::max()); });
  return values;
}

}  // namespace kernad::kde
