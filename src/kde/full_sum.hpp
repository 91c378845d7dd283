// Sums over all references, accurate for every finite query.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kde/float32_sum.hpp"
#include "kde/reference_set.hpp"
#include "kde/selected_sum.hpp"
#include "kernels/kernels.hpp"
#include "parallel/pool.hpp"

namespace kernad::kde {

/// Maximum number of queries evaluated together: enough to reuse references while they are in the cache.
inline constexpr std::size_t kFullBlock = 192;

/// Memory that is not cleared: that would cost a single query 4 % of its time.
template <typename T>
using Scratch = std::unique_ptr<T[]>;  // NOLINT(modernize-avoid-c-arrays)
template <typename T>
[[nodiscard]] Scratch<T> make_scratch(std::size_t count) {
  return std::make_unique_for_overwrite<T[]>(count);  // NOLINT(modernize-avoid-c-arrays)
}

/// A query that is near some references is summed in float32. For one that is far from all of them, a pass in float32
/// finds the few references that matter, and those are summed in double. Where neither works, all references are summed
/// in double. Holds its scratch memory: a call allocates nothing. A query's result depends neither on the queries next
/// to it nor on the number of threads.
class FullSum {
 public:
  /// workers: the number of threads in the pools that will be passed to calls.
  explicit FullSum(const ReferenceSet& references, std::size_t workers = 1);

  /// log of sum_i exp(-|q - r_i|^2 / 2), or its form with the references' own widths, of `rows` <= kFullBlock whitened
  /// queries (stride apart, finite) into out[rows]. The references are divided among the pool's threads if there is a
  /// pool and there are enough references.
  void score(const kernels::KernelTable& kernels, const double* queries, std::size_t stride, std::size_t rows,
             double* out, parallel::Pool* pool = nullptr);

  /// The same for one query, summed in double whatever it takes: many times as long.
  [[nodiscard]] double exactly(const kernels::KernelTable& kernels, const double* query) const;

 private:
  static constexpr std::size_t kPadded = kFullBlock + kMaxWidth;  // all but the last run are full

  /// The next step for a query.
  enum class Step : std::uint8_t { probe, sum, select, sum_exactly, none };

  struct Query {
    double square;  ///< |q|^2
    double shift;   ///< of its exponents, in units of log2
    Form form;
    Step step;
  };

  /// The queries of one call.
  struct Block {
    const kernels::KernelTable& kernels;
    const double* values;
    std::size_t stride;
    std::size_t rows;
    double* out;
    parallel::Pool* pool;
    [[nodiscard]] const double* query(std::size_t q) const { return values + q * stride; }
  };

  struct Run {
    std::size_t first;
    std::size_t width;
  };

  [[nodiscard]] bool is_adaptive() const { return !set_.adaptive.factors.empty(); }
  void begin(const Block& block);
  bool select(const Block& block, Step step, Form form);
  bool select_unfinished(const Block& block);
  [[nodiscard]] bool on_matrix_unit(const kernels::KernelTable& kernels, Form form) const;
  void pack_group(const Block& block, Form form, bool shifted);
  void split_group(const Block& block);
  [[nodiscard]] float* lanes_of(std::size_t worker) { return lanes_.data() + worker * kPadded * kernels::kTileRows; }
  void pass_runs(const kernels::KernelTable& kernels, Form form, Step step, std::size_t first, std::size_t count,
                 std::size_t worker);
  void probe(const Block& block, Form form);
  [[nodiscard]] bool expands(double square, double nearest) const;
  void sum_group(const Block& block, Form form);
  void sum_chunk(const Block& block, Form form, std::size_t chunk, std::size_t worker);
  void select_group(const Block& block, Form form);
  void find_chunk_maxima(const Block& block, Form form, std::size_t chunk, std::size_t worker);
  void sum_exactly(const Block& block);
  void sum_chunk_exactly(const Block& block, std::size_t chunk);
  [[nodiscard]] kernels::LogSumExp sum_tiles_exactly(const kernels::KernelTable& kernels, std::size_t first,
                                                     std::size_t count, const double* query) const;
  void for_each_chunk(parallel::Pool* pool, parallel::Task task) const;

  const ReferenceSet& set_;
  const kernels::PackedReferences& references_;
  Panels panels_;
  Panels ranked_;  // those that largest exponents are taken of
  SelectedSum selected_;
  std::array<Query, kFullBlock> queries_{};
  std::array<std::uint8_t, kFullBlock>
      group_{};  // queries evaluated together; the members below are theirs, in this order:
  std::size_t group_size_ = 0;
  std::array<float, kPadded> bias_{};
  std::array<double, kFullBlock> lost_{};  // rounding error of the bias in float32
  kernels::AlignedVector<float>
      values_;                           // in float32, interleaved within each run by dimension; on a matrix unit, rows
  std::vector<Run> runs_;                // the position of each run
  kernels::AlignedVector<float> lanes_;  // of each worker: 16 per query
  std::size_t workers_;
  // Made by the first call that uses a matrix unit.
  kernels::AlignedVector<std::uint16_t> split_queries_;  // of each run
  kernels::AlignedVector<std::uint16_t> split_tiles_;    // of each worker: a panel
  // Most calls never touch these.
  Scratch<double> sums_;                    // of each chunk: one per query of the group
  Scratch<float> maxima_;                   // of each of ranked_: one per query of the group
  Scratch<kernels::LogSumExp> exact_sums_;  // of each chunk, in double
};

}  // namespace kernad::kde
