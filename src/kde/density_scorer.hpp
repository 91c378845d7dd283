// Log-densities of blocks of whitened queries, by whichever sum is the faster.
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

/// One for each thread, used again and again: it holds the scratch memory, and a call allocates nothing.
class DensityScorer {
 public:
  /// workers: threads of the pools that calls will bring.
  explicit DensityScorer(const State& state, std::size_t workers = 1);

  /// Whether references may be left out; the pool of a call then is of use only to what is summed over all of them.
  [[nodiscard]] bool prunes() const { return pruned_.has_value(); }
  /// Most rows of one call.
  [[nodiscard]] std::size_t block_rows() const { return pruned_ ? kPrunedBlock : kFullBlock; }

  /// Log-densities of `rows` <= block_rows() whitened queries (stride apart, r doubles each, finite) into out[rows]. A
  /// query's result depends neither on the queries beside it nor on the number of threads.
  void score(const kernels::KernelTable& kernels, const double* queries, std::size_t stride, std::size_t rows,
             double* out, parallel::Pool* pool = nullptr);

 private:
  void score_left(const kernels::KernelTable& kernels, const double* queries, std::size_t stride,
                  std::span<const std::uint16_t> left, double* out, parallel::Pool* pool);

  double offset_;  // what a sum's logarithm lacks to be the log-density
  std::size_t dimension_;
  std::optional<PrunedSum> pruned_;
  std::optional<DoubleSum> exact_;
  FullSum full_;
  kernels::AlignedVector<double> left_queries_;  // those that pruning leaves to the full sum, side by side
};

/// exp of each, at most the largest double.
[[nodiscard]] std::vector<double> exp_saturating(std::span<const double> log_values);

}  // namespace kernad::kde
