#include "kde/full_sum.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace kernad::kde {
namespace {

using kernels::kTileRows;

// A query for which the first shift is wrong, and first of all in many dimensions, where nothing is near, gets the
// shift that puts the sum over a few references, the probe, at 2^-70: then the whole sum is large enough, and where it
// overflows it is still large enough with a shift smaller by 180.
constexpr double kProbeSum = -70;
constexpr double kOverflowStep = 180;
constexpr std::size_t kProbeTiles = 4;
constexpr std::size_t kProbeFirstDimension = 48;
constexpr int kAttempts = 6;  // a pass in double costs as much

// A panel of references stays in the first-level cache while the queries of a block pass.
constexpr std::size_t kPanelFloats = 6 * 1024;

// Multiply-adds from which on it pays to wake a sleeping thread: some 100 us, twice what waking it takes.
constexpr std::size_t kThreadedWork = std::size_t{1} << 20;
// The same where one is awake.
constexpr std::size_t kThreadedWorkAwake = std::size_t{1} << 18;

/// a + b in the currency of partial sums.
kernels::LogSumExp merge(const kernels::LogSumExp& a, const kernels::LogSumExp& b) {
  const double max = std::max(a.max, b.max);
  return {max, a.sum * std::exp(a.max - max) + b.sum * std::exp(b.max - max)};
}

}  // namespace

FullSum::FullSum(const ReferenceSet& references, std::size_t workers)
    : set_(references),
      references_(references.packed),
      chunkes_((references_.tiles + kChunkTiles - 1) / kChunkTiles),
      values_(kPadded * references_.dimension),
      lanes_(workers * kPadded * kTileRows),
      sums_(chunkes_ * kFullBlock),
      exact_sums_(chunkes_ * kFullBlock) {
  runs_.reserve(kFullBlock);
}

void FullSum::score(const kernels::KernelTable& kernels, const double* queries, std::size_t stride, std::size_t rows,
                    double* out, parallel::Pool* pool) {
  assert(rows <= kFullBlock);
  const std::size_t dimension = references_.dimension;
  const bool alike = set_.adaptive.factors.empty();
  for (std::size_t q = 0; q < rows; ++q) {
    done_[q] = false;
    if (!alike) continue;
    squares_[q] = squared_length(queries + q * stride, dimension);
    shift_[q] = dimension < kProbeFirstDimension ? kFixedShift : probe_shift(kernels, queries + q * stride);
  }
  for (int attempt = 0; alike && attempt < kAttempts; ++attempt) {
    for (const Form form : {Form::expanded, Form::difference}) {
      select(form, rows);
      if (group_size_ != 0) sum_group(kernels, form, queries, stride, out, pool);
    }
  }
  group_size_ = 0;
  for (std::size_t q = 0; q < rows; ++q) {
    if (!done_[q]) group_[group_size_++] = static_cast<std::uint8_t>(q);
  }
  if (group_size_ != 0) sum_exactly(kernels, queries, stride, out, pool);
}

/// The group: queries without a result for which distances of this form are right.
void FullSum::select(Form form, std::size_t rows) {
  group_size_ = 0;
  for (std::size_t q = 0; q < rows; ++q) {
    if (!done_[q] && shift_[q] < kLargestShift && form_for(squares_[q], references_.dimension) == form) {
      group_[group_size_++] = static_cast<std::uint8_t>(q);
    }
  }
}

double FullSum::probe_shift(const kernels::KernelTable& kernels, const double* query) const {
  const std::size_t probes = std::min(kProbeTiles, references_.tiles);
  kernels::LogSumExp sum{};
  for (std::size_t p = 0; p < probes; ++p) {
    const std::size_t tile = p * references_.tiles / probes;
    const float* bias = references_.difference_bias.data() + tile * kTileRows;
    const auto partial = kernels.log_sum_exact(query, references_.tile(tile), bias, 1, references_.dimension);
    sum = p == 0 ? partial : merge(sum, partial);
  }
  return std::clamp(kProbeSum - std::numbers::log2e * (sum.max + std::log(sum.sum)), kFixedShift, kLargestShift);
}

/// Lays the group's queries out in runs of the kernels' width and what remains one by one, or, from three on, in a run
/// filled up with nothing.
void FullSum::pack_group(const kernels::KernelTable& kernels, Form form, const double* queries, std::size_t stride) {
  const std::size_t dimension = references_.dimension;
  const double scale = coordinate_scale(form);
  runs_.clear();
  for (std::size_t first = 0; first < group_size_;) {
    const std::size_t left = group_size_ - first;
    const std::size_t width = run_width(kernels, left);
    float* values = values_.data() + first * dimension;
    for (std::size_t i = 0; i < width; ++i) {
      bias_[first + i] = kernels::kPadding;
      for (std::size_t d = 0; d < dimension; ++d) values[d * width + i] = 0;
      if (i >= left) continue;
      const std::size_t q = group_[first + i];
      const double* query = queries + q * stride;
      for (std::size_t d = 0; d < dimension; ++d) values[d * width + i] = static_cast<float>(scale * query[d]);
      const Bias bias = query_bias(form, shift_[q], squares_[q]);
      bias_[first + i] = bias.value;
      lost_[first + i] = bias.lost;
    }
    runs_.push_back({first, width});
    first += width;
  }
}

void FullSum::for_each_chunk(parallel::Pool* pool, parallel::Task task) const {
  const std::size_t work = group_size_ * references_.tiles * kTileRows * references_.dimension;
  const bool sharable = pool != nullptr && chunkes_ > 1;
  if (sharable && (work >= kThreadedWork || (work >= kThreadedWorkAwake && pool->has_spinning_worker(chunkes_)))) {
    pool->run(chunkes_, task);
  } else {
    for (std::size_t chunk = 0; chunk < chunkes_; ++chunk) task(chunk, 0);
  }
}

/// log of the sum of each of the group's queries into out[query] where float32 could hold it; else another shift.
void FullSum::sum_group(const kernels::KernelTable& kernels, Form form, const double* queries, std::size_t stride,
                        double* out, parallel::Pool* pool) {
  pack_group(kernels, form, queries, stride);
  for_each_chunk(pool, [&](std::size_t chunk, std::size_t worker) {
    sum_chunk(kernels, form, chunk, lanes_.data() + worker * kPadded * kTileRows);
  });
  for (std::size_t i = 0; i < group_size_; ++i) {
    const std::size_t q = group_[i];
    double sum = 0;
    for (std::size_t chunk = 0; chunk < chunkes_; ++chunk) sum += sums_[chunk * kFullBlock + i];
    if (!(sum < kLargestSum)) {
      shift_[q] -= kOverflowStep;
    } else if (sum < kSmallestSum) {
      shift_[q] = probe_shift(kernels, queries + q * stride);
    } else {
      out[q] = std::log(sum) - (shift_[q] - lost_[i]) * std::numbers::ln2;
      done_[q] = true;
    }
  }
}

void FullSum::sum_chunk(const kernels::KernelTable& kernels, Form form, std::size_t chunk, float* lanes) {
  const std::size_t dimension = references_.dimension;
  const std::size_t panel = std::max<std::size_t>(2, kPanelFloats / (kTileRows * dimension) / 2 * 2);
  const std::size_t end = std::min(references_.tiles, (chunk + 1) * kChunkTiles);
  const auto sum = fused_kernel(kernels, form);
  std::fill_n(lanes, kPadded * kTileRows, 0.0F);
  for (std::size_t t = chunk * kChunkTiles; t < end; t += panel) {
    const kernels::FusedTiles tiles{references_.tile(t), reference_bias(references_, form) + t * kTileRows,
                                    std::min(panel, end - t), dimension};
    for (const auto& [first, width] : runs_) {
      sum({values_.data() + first * dimension, bias_.data() + first, lanes + first * kTileRows, width}, tiles);
    }
  }
  for (std::size_t i = 0; i < group_size_; ++i) {
    double total = 0;
    for (std::size_t lane = 0; lane < kTileRows; ++lane) total += static_cast<double>(lanes[i * kTileRows + lane]);
    sums_[chunk * kFullBlock + i] = total;
  }
}

/// log of the sum of the group's queries, in double, into out[query].
void FullSum::sum_exactly(const kernels::KernelTable& kernels, const double* queries, std::size_t stride, double* out,
                          parallel::Pool* pool) {
  for_each_chunk(
      pool, [&](std::size_t chunk, std::size_t /*worker*/) { sum_chunk_exactly(kernels, chunk, queries, stride); });
  for (std::size_t i = 0; i < group_size_; ++i) {
    kernels::LogSumExp sum = exact_sums_[i];
    for (std::size_t s = 1; s < chunkes_; ++s) sum = merge(sum, exact_sums_[s * kFullBlock + i]);
    out[group_[i]] = sum.max + std::log(sum.sum);
  }
}

kernels::LogSumExp FullSum::sum_tiles_exactly(const kernels::KernelTable& kernels, std::size_t first, std::size_t count,
                                              const double* query) const {
  const std::size_t slot = first * kTileRows;
  const float* tiles = references_.tile(first);
  if (set_.adaptive.factors.empty()) {
    return kernels.log_sum_exact(query, tiles, references_.difference_bias.data() + slot, count, references_.dimension);
  }
  return kernels.log_sum_adaptive(query, tiles, set_.adaptive_scale.data() + slot, set_.adaptive_bias.data() + slot,
                                  count, references_.dimension);
}

void FullSum::sum_chunk_exactly(const kernels::KernelTable& kernels, std::size_t chunk, const double* queries,
                                std::size_t stride) {
  constexpr std::size_t kPanel = kernels::kExactPanelTiles;
  const std::size_t begin = chunk * kChunkTiles;
  const std::size_t end = std::min(references_.tiles, begin + kChunkTiles);
  kernels::LogSumExp* sums = exact_sums_.data() + chunk * kFullBlock;
  // Panels outside, queries inside: a panel stays in the cache for the whole group.
  for (std::size_t t = begin; t < end; t += kPanel) {
    for (std::size_t i = 0; i < group_size_; ++i) {
      const auto partial = sum_tiles_exactly(kernels, t, std::min(kPanel, end - t), queries + group_[i] * stride);
      sums[i] = t == begin ? partial : merge(sums[i], partial);
    }
  }
}

}  // namespace kernad::kde
