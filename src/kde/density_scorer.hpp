// Log-densities of blocks of whitened queries, by whichever sum is faster.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "kde/double_sum.hpp"
#include "kde/full_sum.hpp"
#include "kde/kde_state.hpp"
#include "kde/pruned_sum.hpp"

namespace kernad::kde {

/// Each thread reuses its own: it holds the scratch memory, so that a call allocates nothing.
class DensityScorer {
 public:
  /// workers: the number of threads in the pools that will be passed to calls.
  explicit DensityScorer(const State& state, std::size_t workers = 1);

  /// Whether references may be skipped; a call's pool then helps only with queries that are summed over all of them.
  [[nodiscard]] bool prunes() const { return pruned_.has_value(); }
  /// Maximum number of rows in one call.
  [[nodiscard]] std::size_t block_rows() const { return pruned_ ? kPrunedBlock : kFullBlock; }

  /// Log-densities of `rows` <= block_rows() whitened queries (stride apart, r doubles each, finite) into out[rows]. A
  /// query's result depends neither on the queries next to it nor on the number of threads.
  void score(const kernels::KernelTable& kernels, const double* queries, std::size_t stride, std::size_t rows,
             double* out, parallel::Pool* pool = nullptr);
  /// The log-density of one whitened query from sums in double.
  [[nodiscard]] double exactly(const kernels::KernelTable& kernels, const double* query);

 private:
  void score_left(const kernels::KernelTable& kernels, const double* queries, std::size_t stride,
                  std::span<const std::uint16_t> left, double* out, parallel::Pool* pool);

  double offset_;  // log-density minus the logarithm of the sum
  std::size_t dimension_;
  std::optional<PrunedSum> pruned_;
  std::optional<DoubleSum> exact_;
  FullSum full_;
  kernels::AlignedVector<double> left_queries_;  // those that pruning leaves to the full sum, contiguous
};

/// exp of each, capped at the largest double.
[[nodiscard]] std::vector<double> exp_saturating(std::span<const double> log_values);

}  // namespace kernad::kde
