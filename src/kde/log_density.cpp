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

// Expanded distances |q|^2 + |r|^2 - 2 q.r lose about 5e-8 |q|^2 to cancellation; differences lose 6e-8 |q| |q - r|,
// which is a small share of |q - r|^2 / 2 unless |q - r| is much smaller than |q|. In few dimensions the expanded form
// saves nothing.
constexpr double kExpandedLimit = 256;
constexpr double kDifferenceLimit = 4096;
constexpr double kDifferenceLimitPerDimension = 16;
constexpr std::size_t kExpandedMinDimension = 5;

// Exponentials are summed as 2^shift exp(-|q - r|^2 / 2), so that float32 holds what is as small as 2^(-126 - shift). A
// sum under 2^-80 may have lost terms; one above has lost less than a share of 2^-46 of each. A shift of 60 cannot
// overflow and serves every query that has a reference within some 13 bandwidths. For the others, and first of all in
// many dimensions, where nothing is that near, the shift puts the sum over a few references, the probe, at 2^-70: then
// the whole sum is large enough, and where it overflows it is still large enough with a shift smaller by 180.
constexpr double kFixedShift = 60;
constexpr double kProbeSum = -70;
constexpr double kOverflowStep = 180;
constexpr double kSmallestSum = 0x1p-80;
constexpr std::size_t kProbeTiles = 4;
constexpr std::size_t kProbeFirstDimension = 48;
constexpr int kAttempts = 6;  // a pass in double costs as much

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
    : state_(state), values_(kPaddedQueries * state.dataset.dimension), lanes_(kPaddedQueries * kTileRows) {
  runs_.reserve(kBlockQueries);
}

void BlockScorer::score(const kernels::KernelTable& kernels, const double* queries, std::size_t stride,
                        std::size_t rows, double* out) {
  assert(rows <= kBlockQueries);
  const std::size_t dimension = state_.dataset.dimension;
  for (std::size_t q = 0; q < rows; ++q) {
    squares_[q] = square(queries + q * stride, dimension);
    shift_[q] = dimension < kProbeFirstDimension ? kFixedShift : probe_shift(kernels, queries + q * stride);
    done_[q] = false;
  }
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    for (const Form form : {Form::expanded, Form::difference}) {
      select(form, rows);
      if (group_size_ != 0) sum_group(kernels, form, queries, stride, out);
    }
  }
  group_size_ = 0;
  for (std::size_t q = 0; q < rows; ++q) {
    if (!done_[q]) group_[group_size_++] = static_cast<std::uint8_t>(q);
  }
  if (group_size_ != 0) sum_exactly(kernels, queries, stride, out);
  const double offset = state_.log_norm - std::log(static_cast<double>(state_.dataset.count));
  for (std::size_t q = 0; q < rows; ++q) out[q] += offset;
}

/// The group: queries without a result for which distances of this form are right.
void BlockScorer::select(Form form, std::size_t rows) {
  const auto dimension = static_cast<double>(state_.dataset.dimension);
  const double expanded = state_.dataset.dimension < kExpandedMinDimension ? -1 : kExpandedLimit;
  const double difference = std::max(kDifferenceLimit, kDifferenceLimitPerDimension * dimension);
  const double above = form == Form::expanded ? -1 : expanded;
  const double limit = form == Form::expanded ? expanded : difference;
  group_size_ = 0;
  for (std::size_t q = 0; q < rows; ++q) {
    if (!done_[q] && squares_[q] > above && squares_[q] <= limit) group_[group_size_++] = static_cast<std::uint8_t>(q);
  }
}

double BlockScorer::probe_shift(const kernels::KernelTable& kernels, const double* query) const {
  const auto& dataset = state_.dataset;
  const std::size_t tiles = kernels::round_up(dataset.count, kTileRows) / kTileRows;
  const std::size_t probes = std::min(kProbeTiles, tiles);
  kernels::MaxSum sum{};
  for (std::size_t p = 0; p < probes; ++p) {
    const std::size_t tile = p * tiles / probes;
    const std::size_t count = std::min(kTileRows, dataset.count - tile * kTileRows);
    const auto partial = kernels.log_sum_exact(query, dataset.tile(tile), count, dataset.dimension);
    sum = p == 0 ? partial : merge(sum, partial);
  }
  return std::max(kFixedShift, kProbeSum - std::numbers::log2e * (sum.max + std::log(sum.sum)));
}

/// Lays the group's queries out in runs of the kernels' width and what remains one by one, or, from three on, in a run
/// filled up with nothing.
void BlockScorer::pack_group(const kernels::KernelTable& kernels, Form form, const double* queries,
                             std::size_t stride) {
  const std::size_t dimension = state_.dataset.dimension;
  const std::size_t wide = kernels.fused_width;
  const double scale = form == Form::expanded ? std::numbers::log2e : 1.0;
  runs_.clear();
  for (std::size_t first = 0; first < group_size_;) {
    const std::size_t left = group_size_ - first;
    const std::size_t width = left >= std::min<std::size_t>(3, wide) ? wide : 1;
    float* values = values_.data() + first * dimension;
    for (std::size_t i = 0; i < width; ++i) {
      bias_[first + i] = kernels::kPadding;
      for (std::size_t d = 0; d < dimension; ++d) values[d * width + i] = 0;
      if (i >= left) continue;
      const double* query = queries + group_[first + i] * stride;
      for (std::size_t d = 0; d < dimension; ++d) values[d * width + i] = static_cast<float>(scale * query[d]);
      const double bias = shift_[group_[first + i]] -
                          (form == Form::expanded ? 0.5 * std::numbers::log2e * square(query, dimension) : 0.0);
      bias_[first + i] = static_cast<float>(bias);
      correction_[first + i] = bias - static_cast<double>(bias_[first + i]);
    }
    runs_.push_back({values, bias_.data() + first, lanes_.data() + first * kTileRows, width});
    first += width;
  }
}

/// log of the sum of each of the group's queries into out[query] where float32 could hold it; else another shift.
void BlockScorer::sum_group(const kernels::KernelTable& kernels, Form form, const double* queries, std::size_t stride,
                            double* out) {
  pack_group(kernels, form, queries, stride);
  const auto& dataset = state_.dataset;
  const std::size_t dimension = dataset.dimension;
  const bool expanded = form == Form::expanded;
  const float* bias = expanded ? dataset.expanded_bias.data() : dataset.difference_bias.data();
  const auto sum = expanded ? kernels.sum_expanded : kernels.sum_difference;
  const std::size_t tiles = kernels::round_up(dataset.count, kTileRows) / kTileRows;
  const std::size_t panel = std::max<std::size_t>(2, kPanelFloats / (kTileRows * dimension) / 2 * 2);
  std::array<double, kBlockQueries> sums{};
  for (std::size_t stretch = 0; stretch < tiles; stretch += kStretchTiles) {
    const std::size_t end = std::min(tiles, stretch + kStretchTiles);
    std::fill(lanes_.begin(), lanes_.end(), 0.0F);
    for (std::size_t t = stretch; t < end; t += panel) {
      const kernels::FusedTiles block{dataset.tile(t), bias + t * kTileRows, std::min(panel, end - t), dimension};
      for (const auto& run : runs_) sum(run, block);
    }
    for (std::size_t i = 0; i < group_size_; ++i) {
      for (std::size_t lane = 0; lane < kTileRows; ++lane) sums[i] += static_cast<double>(lanes_[i * kTileRows + lane]);
    }
  }
  for (std::size_t i = 0; i < group_size_; ++i) {
    const std::size_t q = group_[i];
    if (!std::isfinite(sums[i])) {
      shift_[q] -= kOverflowStep;
    } else if (sums[i] < kSmallestSum) {
      shift_[q] = probe_shift(kernels, queries + q * stride);
    } else {
      out[q] = std::log(sums[i]) - (shift_[q] - correction_[i]) * std::numbers::ln2;
      done_[q] = true;
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
