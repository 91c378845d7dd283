// Sums over all references, right for every finite query.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kde/float32_sum.hpp"
#include "kde/reference_set.hpp"
#include "kernels/kernels.hpp"
#include "parallel/pool.hpp"

namespace kernad::kde {

/// Most queries that pass the references together: enough to use references again and again while they are in the
/// cache.
inline constexpr std::size_t kFullBlock = 192;

/// float32 sums for the many queries that are near some references, double for the few that are not and for kernels of
/// different widths, whose weights leave float32's range. Holds the scratch
/// memory that takes; a call allocates nothing, and a query's result depends neither on the queries beside it nor on
/// the number of threads.
class FullSum {
 public:
  /// workers: threads of the pools that calls will bring.
  explicit FullSum(const ReferenceSet& references, std::size_t workers = 1);

  /// log of sum_i exp(-|q - r_i|^2 / 2), or with the references' own widths, of `rows` <= kFullBlock whitened queries
  /// (stride apart, finite) into out[rows]. The references are shared out among the pool's threads where there is one
  /// and enough of them.
  void score(const kernels::KernelTable& kernels, const double* queries, std::size_t stride, std::size_t rows,
             double* out, parallel::Pool* pool = nullptr);

 private:
  static constexpr std::size_t kPadded = kFullBlock + kMaxWidth;  // all but the last run are full

  void select(Form form, std::size_t rows);
  [[nodiscard]] double probe_shift(const kernels::KernelTable& kernels, const double* query) const;
  void pack_group(const kernels::KernelTable& kernels, Form form, const double* queries, std::size_t stride);
  void sum_group(const kernels::KernelTable& kernels, Form form, const double* queries, std::size_t stride, double* out,
                 parallel::Pool* pool);
  void sum_chunk(const kernels::KernelTable& kernels, Form form, std::size_t chunk, float* lanes);
  void sum_exactly(const kernels::KernelTable& kernels, const double* queries, std::size_t stride, double* out,
                   parallel::Pool* pool);
  [[nodiscard]] kernels::LogSumExp sum_tiles_exactly(const kernels::KernelTable& kernels, std::size_t first,
                                                     std::size_t count, const double* query) const;
  void sum_chunk_exactly(const kernels::KernelTable& kernels, std::size_t chunk, const double* queries,
                         std::size_t stride);
  void for_each_chunk(parallel::Pool* pool, parallel::Task task) const;

  struct Run {
    std::size_t first;
    std::size_t width;
  };

  const ReferenceSet& set_;
  const kernels::PackedReferences& references_;
  std::size_t chunkes_;
  std::array<double, kFullBlock> squares_{};      // |q|^2 of each query
  std::array<double, kFullBlock> shift_{};        // of its exponents, in units of log2
  std::array<bool, kFullBlock> done_{};           // it has its result
  std::array<std::uint8_t, kFullBlock> group_{};  // queries being summed; what follows is theirs, in this order:
  std::size_t group_size_ = 0;
  std::array<float, kPadded> bias_{};
  std::array<double, kFullBlock> lost_{};       // what rounding the bias to float32 has lost
  kernels::AlignedVector<float> values_;        // in float32, dimension of each run's queries side by side
  std::vector<Run> runs_;                       // where they lie
  kernels::AlignedVector<float> lanes_;         // of each worker: 16 a query
  std::vector<double> sums_;                    // of each chunk: one a query of the group
  std::vector<kernels::LogSumExp> exact_sums_;  // the same in double
};

}  // namespace kernad::kde
