#include "kde/pruned_sum.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

namespace kernad::kde {
namespace {

using kernels::kTileRows;

/// log2 of the maximum share of a sum that may be left out: 3.8e-6, which is also the error in nats.
constexpr double kLog2LeftOut = -18;
/// Leaves are sorted by whole powers of two below the sum. Leaves that are not left out at once are less than this far
/// below it.
constexpr std::size_t kClasses = 96;
/// A query that keeps a larger share is summed faster over all references.
constexpr double kMaxKeptShare = 0.5;

/// The maximum amount, in units of log2, by which float32 overestimates a bound of about this size: rounding of the
/// query, of the sum over `dimension` columns, and of the first leaf's sum.
double slack(double bound, std::size_t dimension) {
  return 0.01 + 0x1p-23 * (static_cast<double>(dimension) + 4) * std::abs(bound);
}

}  // namespace

PrunedSum::PrunedSum(const ReferenceSet& references)
    : references_(references),
      queries_(kPrunedBlock),
      points_(kPrunedBlock * references.packed.dimension),
      values_(kPrunedBlock * references.packed.dimension),
      lanes_(kPrunedBlock * kTileRows),
      marks_(references.tree.leaf_count() * kWords),
      node_bounds_(references.tree.nodes.count * kTileRows),
      leaf_bounds_(kTileRows),
      run_values_(kMaxWidth * references.packed.dimension),
      run_lanes_(kMaxWidth * kTileRows) {
  assert(references.tree.leaf_count() != 0);
  candidates_.reserve(references.tree.leaf_count() + kTileRows);
  kept_.reserve(references.tree.leaf_count());
  left_.reserve(kPrunedBlock);
}

std::span<const std::uint16_t> PrunedSum::score(const kernels::KernelTable& kernels, const double* queries,
                                                std::size_t stride, std::size_t rows, double* out) {
  assert(rows <= kPrunedBlock);
  begin(queries, stride, rows);
  std::array<bool, kPrunedBlock> is_left{};
  for (std::size_t q = 0; q < rows; ++q) {
    is_left[q] = !find_nearest_leaf(kernels, q);
    if (!is_left[q]) mark(queries_[q].nearest_leaf, q);
  }
  sum_marked(kernels);
  for (std::size_t q = 0; q < rows; ++q) {
    is_left[q] = is_left[q] || !find_kept_leaves(kernels, q);
    if (is_left[q]) continue;
    for (const std::uint32_t leaf : kept_) mark(leaf, q);
  }
  sum_marked(kernels);
  left_.clear();
  for (std::size_t q = 0; q < rows; ++q) {
    if (is_left[q] || !finish(q, out[q])) left_.push_back(static_cast<std::uint16_t>(q));
  }
  return left_;
}

double PrunedSum::kept_share(const kernels::KernelTable& kernels, const double* query) {
  begin(query, 0, 1);
  if (!find_nearest_leaf(kernels, 0)) return 1;
  const std::uint32_t nearest = queries_[0].nearest_leaf;
  mark(nearest, 0);
  sum_marked(kernels);
  if (!find_kept_leaves(kernels, 0)) return 1;
  std::size_t tiles = references_.tree.tiles_of(nearest);
  for (const std::uint32_t leaf : kept_) tiles += references_.tree.tiles_of(leaf);
  return static_cast<double>(tiles) / static_cast<double>(references_.packed.tiles);
}

void PrunedSum::begin(const double* queries, std::size_t stride, std::size_t rows) {
  const std::size_t dimension = references_.packed.dimension;
  words_ = (rows + 63) / 64;
  for (std::size_t q = 0; q < rows; ++q) {
    const double* query = queries + q * stride;
    const double square = squared_length(query, dimension);
    const Form form = form_for(square, dimension);
    queries_[q] = {square, form, 0, {}, 0, 0, 0};
    if (form == Form::exact) continue;
    const double scale = coordinate_scale(form);
    for (std::size_t d = 0; d < dimension; ++d) {
      points_[q * dimension + d] = static_cast<float>(query[d]);
      values_[q * dimension + d] = static_cast<float>(scale * query[d]);
    }
  }
  std::fill_n(lanes_.begin(), rows * kTileRows, 0.0F);
}

/// Finds the leaf with the largest bound, and a shift at which even all N references in the nearest box would not
/// overflow. False for a query that is too far away for float32.
bool PrunedSum::find_nearest_leaf(const kernels::KernelTable& kernels, std::size_t q) {
  const Tree& tree = references_.tree;
  const std::size_t dimension = references_.packed.dimension;
  Query& query = queries_[q];
  if (query.form == Form::exact) return false;
  const float* point = points_.data() + q * dimension;
  kernels.region_bounds(point, tree.nodes.packs(0, tree.nodes.count), node_bounds_.data());
  float best = -std::numeric_limits<float>::infinity();
  const auto look_into = [&](std::size_t node) {
    if (node_bounds_[node] <= best) return;
    kernels.region_bounds(point, tree.leaves.packs(node, 1), leaf_bounds_.data());
    const auto largest = std::max_element(leaf_bounds_.begin(), leaf_bounds_.end());
    if (*largest <= best) return;
    best = *largest;
    query.nearest_leaf = static_cast<std::uint32_t>(node * kTileRows + (largest - leaf_bounds_.begin()));
  };
  const auto nodes_end = node_bounds_.begin() + static_cast<std::ptrdiff_t>(tree.leaves.count);
  look_into(static_cast<std::size_t>(std::max_element(node_bounds_.begin(), nodes_end) - node_bounds_.begin()));
  for (std::size_t node = 0; node < tree.leaves.count; ++node) look_into(node);
  query.shift = kFixedShift - static_cast<double>(best);
  if (!(query.shift <= kLargestShift)) return false;
  query.bias = query_bias(query.form, query.shift, query.square);
  return true;
}

/// Writes the leaves that matter, except the nearest, to kept_, given the sum of the nearest. False if float32 could
/// not hold that sum, and if most leaves are kept.
bool PrunedSum::find_kept_leaves(const kernels::KernelTable& kernels, std::size_t q) {
  empty_lanes(q);
  const Query& query = queries_[q];
  if (!(query.sum < kLargestSum) || query.sum < kSmallestSum) return false;
  const double log2_sum = std::log2(query.sum) - query.shift;
  find_candidates(kernels, q, log2_sum);
  const std::size_t tiles = keep_near_candidates();
  return static_cast<double>(tiles) < kMaxKeptShare * static_cast<double>(references_.packed.tiles);
}

/// Skips leaves, and whole nodes, that could not add half of the permitted share even if all N rows were there.
void PrunedSum::find_candidates(const kernels::KernelTable& kernels, std::size_t q, double log2_sum) {
  const Tree& tree = references_.tree;
  const std::size_t dimension = references_.packed.dimension;
  double limit = log2_sum + kLog2LeftOut - 1 - std::log2(references_.count);
  limit -= slack(limit, dimension);
  const float* point = points_.data() + q * dimension;
  kernels.region_bounds(point, tree.nodes.packs(0, tree.nodes.count), node_bounds_.data());
  // How many whole powers of two a leaf's bound is below the sum.
  const auto sum = static_cast<float>(log2_sum - 2 * slack(limit, dimension));
  const auto powers_below = [sum](float bound) {
    return static_cast<std::uint32_t>(std::min(std::max(0.0F, sum - bound), static_cast<float>(kClasses - 1)));
  };
  candidates_.clear();
  for (std::size_t node = 0; node < tree.leaves.count; ++node) {
    if (!(static_cast<double>(node_bounds_[node]) >= limit)) continue;
    kernels.region_bounds(point, tree.leaves.packs(node, 1), leaf_bounds_.data());
    // Every leaf is written, and kept or not by counting: a branch here is a coin toss to the processor.
    std::size_t count = candidates_.size();
    candidates_.resize(count + kTileRows);
    for (std::size_t i = 0; i < kTileRows; ++i) {
      const std::size_t leaf = node * kTileRows + i;
      candidates_[count] = {static_cast<std::uint32_t>(leaf), powers_below(leaf_bounds_[i])};
      const bool near = static_cast<double>(leaf_bounds_[i]) >= limit;
      count += static_cast<std::size_t>(near) & static_cast<std::size_t>(leaf != queries_[q].nearest_leaf);
    }
    candidates_.resize(count);
  }
}

/// Skips the farthest candidates until they could add the other half, and returns the number of tiles kept.
std::size_t PrunedSum::keep_near_candidates() {
  std::array<double, kClasses> rows{};
  for (const auto& [leaf, powers_below] : candidates_) rows[powers_below] += references_.tree.leaves.rows[leaf];
  double budget = std::exp2(kLog2LeftOut - 1);
  std::size_t kept_classes = kClasses;
  for (; kept_classes != 0; --kept_classes) {
    if (rows[kept_classes - 1] == 0) continue;
    budget -= std::ldexp(rows[kept_classes - 1], 1 - static_cast<int>(kept_classes));
    if (budget < 0) break;
  }
  kept_.resize(candidates_.size());
  std::size_t count = 0;
  std::size_t tiles = 0;
  for (const auto& [leaf, powers_below] : candidates_) {  // without branches, as above
    const std::size_t keep = powers_below < kept_classes ? 1 : 0;
    kept_[count] = leaf;
    count += keep;
    tiles += keep * references_.tree.tiles_of(leaf);
  }
  kept_.resize(count);
  return tiles;
}

/// Sums every leaf for the queries that are marked for it, and clears the marks.
void PrunedSum::sum_marked(const kernels::KernelTable& kernels) {
  std::array<std::array<std::uint16_t, kPrunedBlock>, 2> groups;  // by form
  for (std::size_t leaf = 0; leaf < references_.tree.leaf_count(); ++leaf) {
    std::array<std::size_t, 2> sizes{};
    for (std::size_t word = 0; word < words_; ++word) {
      std::uint64_t& bits = marks_[leaf * words_ + word];
      for (; bits != 0; bits &= bits - 1) {
        const std::size_t q = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
        const auto form = static_cast<std::size_t>(queries_[q].form);
        groups[form][sizes[form]++] = static_cast<std::uint16_t>(q);
      }
    }
    for (const Form form : {Form::expanded, Form::difference}) {
      const auto f = static_cast<std::size_t>(form);
      if (sizes[f] != 0) sum_leaf(kernels, leaf, form, std::span(groups[f]).first(sizes[f]));
    }
  }
}

void PrunedSum::sum_leaf(const kernels::KernelTable& kernels, std::size_t leaf, Form form,
                         std::span<const std::uint16_t> group) {
  const std::size_t dimension = references_.packed.dimension;
  const std::size_t tile = references_.tree.first_tile[leaf];
  const std::size_t count = references_.tree.tiles_of(leaf);
  const kernels::FusedTiles tiles = fused_tiles(references_, form, tile, count);
  const auto sum = fused_kernels(kernels, form).sum;
  std::array<float, kMaxWidth> bias{};
  while (!group.empty()) {
    const std::size_t width = run_width(kernels, group.size());
    const std::size_t filled = std::min(width, group.size());
    for (std::size_t i = 0; i < width; ++i) {
      const std::size_t q = group[std::min(i, filled - 1)];  // the last one is repeated if there are too few
      bias[i] = queries_[q].bias.value;
      for (std::size_t d = 0; d < dimension; ++d) run_values_[d * width + i] = values_[q * dimension + d];
      std::copy_n(lanes_.data() + q * kTileRows, kTileRows, run_lanes_.data() + i * kTileRows);
    }
    sum({run_values_.data(), bias.data(), run_lanes_.data(), width}, tiles);
    for (std::size_t i = 0; i < filled; ++i) {
      const std::size_t q = group[i];
      std::copy_n(run_lanes_.data() + i * kTileRows, kTileRows, lanes_.data() + q * kTileRows);
      queries_[q].tiles_in_lanes += static_cast<std::uint32_t>(count);
      if (queries_[q].tiles_in_lanes >= kChunkTiles) empty_lanes(q);
    }
    group = group.subspan(filled);
  }
}

void PrunedSum::empty_lanes(std::size_t q) {
  float* lanes = lanes_.data() + q * kTileRows;
  double sum = 0;
  for (std::size_t i = 0; i < kTileRows; ++i) sum += static_cast<double>(lanes[i]);
  std::fill_n(lanes, kTileRows, 0.0F);
  queries_[q].sum += sum;
  queries_[q].tiles_in_lanes = 0;
}

bool PrunedSum::finish(std::size_t q, double& out) {
  empty_lanes(q);
  const Query& query = queries_[q];
  if (!(query.sum < kLargestSum)) return false;
  out = std::log(query.sum) - (query.shift - query.bias.lost) * std::numbers::ln2;
  return true;
}

}  // namespace kernad::kde
