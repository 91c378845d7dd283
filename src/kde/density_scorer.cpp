#include "kde/density_scorer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace kernad::kde {

DensityScorer::DensityScorer(const State& state, std::size_t workers)
    : offset_(state.log_norm - std::log(state.references.count)),
      dimension_(state.references.packed.dimension),
      full_(state.references, workers) {
  if (!state.references.exact.empty()) exact_.emplace(state.references);
  if (exact_ || state.references.tree.leaf_count() == 0) return;
  pruned_.emplace(state.references);
  left_queries_.resize(kFullBlock * dimension_);
}

void DensityScorer::score(const kernels::KernelTable& kernels, const double* queries, std::size_t stride,
                          std::size_t rows, double* out, parallel::Pool* pool) {
  if (exact_) {
    for (std::size_t q = 0; q < rows; ++q) out[q] = (*exact_)(queries + q * stride);
  } else if (pruned_) {
    score_left(kernels, queries, stride, pruned_->score(kernels, queries, stride, rows, out), out, pool);
  } else {
    full_.score(kernels, queries, stride, rows, out, pool);
  }
  for (std::size_t q = 0; q < rows; ++q) out[q] += offset_;
}

double DensityScorer::exactly(const kernels::KernelTable& kernels, const double* query) {
  return offset_ + (exact_ ? (*exact_)(query) : full_.exactly(kernels, query));
}

void DensityScorer::score_left(const kernels::KernelTable& kernels, const double* queries, std::size_t stride,
                               std::span<const std::uint16_t> left, double* out, parallel::Pool* pool) {
  std::array<double, kFullBlock> sums{};
  for (std::size_t first = 0; first < left.size(); first += kFullBlock) {
    const auto block = left.subspan(first, std::min(kFullBlock, left.size() - first));
    for (std::size_t i = 0; i < block.size(); ++i) {
      std::copy_n(queries + block[i] * stride, dimension_, left_queries_.data() + i * dimension_);
    }
    full_.score(kernels, left_queries_.data(), dimension_, block.size(), sums.data(), pool);
    for (std::size_t i = 0; i < block.size(); ++i) out[block[i]] = sums[i];
  }
}

std::vector<double> exp_saturating(std::span<const double> log_values) {
  std::vector<double> values(log_values.size());
  std::transform(log_values.begin(), log_values.end(), values.begin(),
                 [](double x) { return std::min(std::exp(x), std::numeric_limits<double>::max()); });
  return values;
}

}  // namespace kernad::kde
