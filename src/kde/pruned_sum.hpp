// Sums over those references that matter to a query: at most 1e-5 nats below the full sum, by the leaves' bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kde/float32_sum.hpp"
#include "kde/reference_set.hpp"
#include "kernels/kernels.hpp"

namespace kernad::kde {

/// Most queries that pass the leaves together: many, so that each leaf that some of them keep meets several.
inline constexpr std::size_t kPrunedBlock = 1024;

/// Leaf after leaf, each for the queries that keep it. A query's first leaf, the nearest, gives a sum that the whole
/// one cannot be below. Of the others the farthest are left out, as many as by their bounds cannot add more than a
/// share of 2^-18 to it together. Holds the scratch memory that takes; a call allocates nothing, and a query's result
/// does not depend on the queries beside it.
class PrunedSum {
 public:
  /// The references must have a tree.
  explicit PrunedSum(const ReferenceSet& references);

  /// As FullSum::score, of `rows` <= kPrunedBlock queries, but for those that it returns, ascending: queries that keep
  /// most leaves, and those whose sum float32 cannot hold.
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
    std::uint32_t tiles_in_lanes;  // summed since the lanes were emptied
    double sum;                    // what was in them before
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
  std::size_t words_ = 0;  // of marks that a leaf has for the queries of this call
  std::vector<Query> queries_;
  kernels::AlignedVector<float> points_;       // the queries in float32, one after another: for bounds
  kernels::AlignedVector<float> values_;       // and as their form's kernel wants them
  kernels::AlignedVector<float> lanes_;        // 16 a query
  std::vector<std::uint64_t> marks_;           // of each leaf: the queries that are to be summed over it
  kernels::AlignedVector<float> node_bounds_;  // of one query
  kernels::AlignedVector<float> leaf_bounds_;  // of one query in one node
  struct Candidate {
    std::uint32_t leaf;
    std::uint32_t powers_below;  // the query's sum, whole ones of two
  };
  std::vector<Candidate> candidates_;         // leaves of one query that may matter
  std::vector<std::uint32_t> kept_;           // those of them that do
  std::vector<std::uint16_t> left_;           // queries without a result
  kernels::AlignedVector<float> run_values_;  // of one run
  kernels::AlignedVector<float> run_lanes_;
};

}  // namespace kernad::kde
