// Sums over the references that matter to a query: by the leaves' bounds, at most 1e-5 nats below the full sum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kde/float32_sum.hpp"
#include "kde/reference_set.hpp"
#include "kernels/kernels.hpp"

namespace kernad::kde {

/// Maximum number of queries evaluated together: many, so that each leaf that is kept serves several of them.
inline constexpr std::size_t kPrunedBlock = 1024;

/// Sums leaf after leaf, each for the queries that keep it. A query's first leaf, the nearest, gives a lower bound of
/// the whole sum. The farthest of the others are skipped, as many as together cannot add more than a share of 2^-18 by
/// their bounds. Holds its scratch memory: a call allocates nothing. A query's result does not depend on the queries
/// next to it.
class PrunedSum {
 public:
  /// The references must have a tree.
  explicit PrunedSum(const ReferenceSet& references);

  /// Like FullSum::score, for `rows` <= kPrunedBlock queries, except those that it returns, ascending: queries that
  /// keep most leaves, and those whose sum float32 cannot hold.
  [[nodiscard]] std::span<const std::uint16_t> score(const kernels::KernelTable& kernels, const double* queries,
                                                     std::size_t stride, std::size_t rows, double* out);

  /// The share of the references that one query would be summed over; 1 where score would return it.
  [[nodiscard]] double kept_share(const kernels::KernelTable& kernels, const double* query);

 private:
  struct Query {
    double square;  // |q|^2
    Form form;
    double shift;
    Bias bias;
    std::uint32_t nearest_leaf;
    std::uint32_t tiles_in_lanes;  // summed since the lanes were cleared
    double sum;                    // of the tiles before that
  };

  void begin(const double* queries, std::size_t stride, std::size_t rows);
  [[nodiscard]] bool find_nearest_leaf(const kernels::KernelTable& kernels, std::size_t q);
  [[nodiscard]] bool find_kept_leaves(const kernels::KernelTable& kernels, std::size_t q);
  void find_candidates(const kernels::KernelTable& kernels, std::size_t q, double log2_sum);
  [[nodiscard]] std::size_t keep_near_candidates();
  void mark(std::size_t leaf, std::size_t q) { marks_[leaf * words_ + q / 64] |= std::uint64_t{1} << q % 64; }
  void sum_marked(const kernels::KernelTable& kernels);
  void sum_leaf(const kernels::KernelTable& kernels, std::size_t leaf, Form form, std::span<const std::uint16_t> group);
  void empty_lanes(std::size_t q);
  [[nodiscard]] bool finish(std::size_t q, double& out);

  static constexpr std::size_t kWords = kPrunedBlock / 64;

  const ReferenceSet& references_;
  std::size_t words_ = 0;  // words of marks per leaf for the queries of this call
  std::vector<Query> queries_;
  kernels::AlignedVector<float> points_;       // the queries in float32, one after another: for bounds
  kernels::AlignedVector<float> values_;       // and in the layout of their form's kernel
  kernels::AlignedVector<float> lanes_;        // 16 per query
  std::vector<std::uint64_t> marks_;           // of each leaf: the queries that are to be summed over it
  kernels::AlignedVector<float> node_bounds_;  // of one query
  kernels::AlignedVector<float> leaf_bounds_;  // of one query in one node
  struct Candidate {
    std::uint32_t leaf;
    std::uint32_t powers_below;  // distance below the query's sum in whole powers of two
  };
  std::vector<Candidate> candidates_;         // leaves of one query that may matter
  std::vector<std::uint32_t> kept_;           // those of them that do
  std::vector<std::uint16_t> left_;           // queries without a result
  kernels::AlignedVector<float> run_values_;  // of one run
  kernels::AlignedVector<float> run_lanes_;
};

}  // namespace kernad::kde
