#include "kde/reference_set.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <span>
#include <utility>

#include "kde/duplicates.hpp"
#include "kde/pruned_sum.hpp"
#include "kernad/sampling.hpp"

namespace kernad::kde {
namespace {

constexpr std::size_t kLeafRows = 256;  // 16 tiles for each bound
/// With fewer rows, summing them all is faster than deciding which to skip.
constexpr std::size_t kMinTreeRows = 2048;
/// A tree is first tried on this many rows, so that data without benefit from it cost little.
constexpr std::size_t kTrialRows = 4096;
/// From this many rows on, several threads build the tree.
constexpr std::size_t kThreadedRows = std::size_t{1} << 15;
constexpr std::size_t kProbes = 64;
/// Share of the references above which skipping the others saves less than it costs.
constexpr double kMaxProbedShare = 0.4;

/// A row and, in each column, one bandwidth more or less: as far from the row as a draw of its kernel is.
std::vector<double> draw(MatrixView<float> whitened, std::size_t probe) {
  const auto row = whitened.row(probe * whitened.rows() / kProbes);
  std::vector<double> query(row.begin(), row.end());
  for (std::size_t j = 0; j < query.size(); ++j) {
    const bool up = (row_key(probe, j / 64) >> j % 64 & 1) != 0;
    query[j] += up ? 1 : -1;
  }
  return query;
}

/// Whether queries drawn from the density itself could skip most references.
bool pays(MatrixView<float> whitened, const ReferenceSet& references) {
  PrunedSum sum(references);
  double share = 0;
  for (std::size_t probe = 0; probe < kProbes; ++probe) {
    share += sum.kept_share(kernels::active(), draw(whitened, probe).data());
  }
  return share < kMaxProbedShare * kProbes;
}

/// A tree over the rows in `distinct`.
void plant(ReferenceSet& references, MatrixView<float> whitened, const std::vector<kernels::Reference>& distinct,
           std::size_t leaf_rows, int threads, LeafOrder& order) {
  order = order_by_leaves(whitened, distinct, leaf_rows, threads);
  references.tree = make_tree(whitened, order, threads);
  references.packed = kernels::pack_references(whitened, order.slots);
}

/// Whether a tree over a few of the rows, with as many leaves as all would have, pays. It keeps less than the whole
/// tree would, whose leaves are wider.
bool promising(MatrixView<float> whitened, const std::vector<kernels::Reference>& distinct) {
  std::vector<kernels::Reference> some(std::min(kTrialRows, distinct.size()));
  ReferenceSet trial;
  for (std::size_t i = 0; i < some.size(); ++i) {
    some[i] = distinct[i * distinct.size() / some.size()];
    trial.count += static_cast<double>(some[i].count);
  }
  LeafOrder order;
  constexpr int kOneThread = 1;  // the work takes no longer than starting another
  plant(trial, whitened, some, std::max(2 * kernels::kTileRows, kLeafRows * some.size() / distinct.size()), kOneThread,
        order);
  return pays(whitened, trial);
}

std::vector<std::uint32_t> slots_of_rows(const DistinctRows& distinct, std::span<const kernels::Reference> slots) {
  std::vector<std::uint32_t> slot_of_first(distinct.index.size());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].row != kernels::Reference::kNone) slot_of_first[slots[i].row] = static_cast<std::uint32_t>(i);
  }
  std::vector<std::uint32_t> result(distinct.index.size());
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = slot_of_first[distinct.rows[distinct.index[i]].row];
  return result;
}

/// exp(-|q - r_i|^2 / (2 h_i^2)) / h_i^k as powers of 2. The slots are the rows, in order.
AdaptiveKernels make_adaptive_kernels(const AdaptiveBandwidth& adaptive, std::size_t slots) {
  AdaptiveKernels made;
  made.scale.assign(slots, 0);
  made.bias.assign(slots, kernels::kNoReference);
  made.scale32.assign(slots, 0);
  made.bias32.assign(slots, kernels::kPadding);
  for (std::size_t i = 0; i < adaptive.factors.size(); ++i) {
    const double factor = adaptive.factors[i];
    made.scale[i] = 0.5 * std::numbers::log2e / (factor * factor);
    made.bias[i] = -static_cast<double>(adaptive.dimension) * std::log2(factor);
    made.max_scale = std::max(made.max_scale, made.scale[i]);
    made.max_bias = std::max(made.max_bias, std::abs(made.bias[i]));
    constexpr double kMaxFloat = std::numeric_limits<float>::max();
    made.scale32[i] = static_cast<float>(std::min(made.scale[i], kMaxFloat));
    made.bias32[i] = static_cast<float>(made.bias[i]);
  }
  return made;
}

/// Scales by a power of 2 to a sum between 2^31 and 2^32, which is returned: then the log2 of any weight of at least
/// 2^-63 of the sum is within 32 of zero, and weights already scaled stay as they are.
double scale_weights(std::vector<double>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const int power = 31 - std::ilogb(sum);
  for (double& weight : weights) weight = std::ldexp(weight, power);
  return std::ldexp(sum, power);
}

}  // namespace

ReferenceSet make_reference_set(MatrixView<float> whitened, bool wanted_pruning, int threads,
                                AdaptiveBandwidth adaptive, std::vector<double> weights,
                                std::optional<bool> tree_pays) {
  assert(weights.empty() || adaptive.factors.empty());
  ReferenceSet references;
  references.rows = whitened.rows();
  references.count = static_cast<double>(whitened.rows());
  if (!weights.empty()) references.count = scale_weights(weights);
  references.weights = std::move(weights);
  references.pruning = wanted_pruning;
  references.adaptive = std::move(adaptive);
  const bool pruning = wanted_pruning && references.adaptive.factors.empty();
  const DistinctRows distinct =
      pruning ? distinct_rows(whitened, references.weights) : all_rows(whitened.rows(), references.weights);
  references.tree_pays = tree_pays;
  LeafOrder order;
  if (pruning && distinct.rows.size() >= kMinTreeRows) {
    const bool worth_building = tree_pays ? *tree_pays : promising(whitened, distinct.rows);
    references.tree_pays = worth_building;
    if (worth_building) {
      plant(references, whitened, distinct.rows, kLeafRows, distinct.rows.size() < kThreadedRows ? 1 : threads, order);
      if (!tree_pays) references.tree_pays = pays(whitened, references);
    }
    if (!*references.tree_pays) references.tree = {};
  }
  if (references.tree.leaf_count() == 0) {
    order.slots = distinct.rows;
    references.packed = kernels::pack_references(whitened, order.slots);
  }
  references.slot_of_row = slots_of_rows(distinct, order.slots);
  if (!references.adaptive.factors.empty()) {
    references.adaptive_kernels =
        make_adaptive_kernels(references.adaptive, references.packed.tiles * kernels::kTileRows);
  }
  return references;
}

Matrix<float> whitened_rows(const ReferenceSet& references) {
  Matrix<float> rows(references.rows, references.packed.dimension);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    kernels::unpack_reference(references.packed, references.slot_of_row[i], rows.row(i).data());
  }
  return rows;
}

}  // namespace kernad::kde
