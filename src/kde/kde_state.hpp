// What a fitted density is, and its sum: the inside of GaussianKDE, shared with the classifier.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernad/matrix.hpp"
#include "kernels/kernels.hpp"
#include "kernels/projection.hpp"
#include "kernels/references.hpp"

namespace kernad::kde {

struct State {
  double bandwidth_factor = 0;        ///< Scott's h
  Matrix<double> bw_transform;        ///< k x r: W with W W^T = (h^2 C)^-1 on the r directions that vary
  std::vector<double> mean;           ///< k: subtracted before whitening; zero in a checkpoint of the reference
  double log_norm = 0;                ///< log of the kernel's constant
  kernels::Projection whitening;      ///< x -> (x - mean) W
  kernels::PackedReferences dataset;  ///< N x r: the training rows, whitened
};

/// Scott's rule: N^(-1/(k+4)).
[[nodiscard]] double scott_factor(std::size_t rows, std::size_t dimension);

/// Learns from features (N x k, finite, N >= 1). float32_input: they are float32 values, so that variance within their
/// rounding is none. Throws InvalidInput when all rows are identical.
template <typename T>
[[nodiscard]] State fit(MatrixView<T> features, int threads);

/// Most queries of one block: enough to use references again from the cache, few enough to share out among threads.
inline constexpr std::size_t kBlockQueries = 64;

/// Log-densities of blocks of queries, with the scratch memory that takes: one for each thread, used again and again.
class BlockScorer {
 public:
  explicit BlockScorer(const State& state);

  /// Log-densities of `rows` <= kBlockQueries whitened queries (stride apart, r doubles each, finite) into out[rows].
  /// No allocation; a query's result does not depend on the queries beside it.
  void score(const kernels::KernelTable& kernels, const double* queries, std::size_t stride, std::size_t rows,
             double* out);

 private:
  enum class Form : std::uint8_t { expanded, difference };

  // A group of which all but the last run is full is filled up by less than one run.
  static constexpr std::size_t kPaddedQueries = kBlockQueries + kernels::kMaxFusedWidth;

  void select(Form form, std::size_t rows);
  [[nodiscard]] double probe_shift(const kernels::KernelTable& kernels, const double* query) const;
  void pack_group(const kernels::KernelTable& kernels, Form form, const double* queries, std::size_t stride);
  void sum_group(const kernels::KernelTable& kernels, Form form, const double* queries, std::size_t stride,
                 double* out);
  void sum_exactly(const kernels::KernelTable& kernels, const double* queries, std::size_t stride, double* out);

  const State& state_;
  std::array<double, kBlockQueries> squares_{};      // |q|^2 of each query
  std::array<double, kBlockQueries> shift_{};        // of its exponents, in units of log2
  std::array<bool, kBlockQueries> done_{};           // it has its result
  std::array<std::uint8_t, kBlockQueries> group_{};  // queries being summed; what follows is theirs, in this order:
  std::array<float, kPaddedQueries> bias_{};         // the shift, and |q|^2 if expanded
  std::array<double, kBlockQueries> correction_{};   // what rounding the bias to float32 has lost
  kernels::AlignedVector<float> values_;             // in float32, r each
  kernels::AlignedVector<float> lanes_;              // 16 each
  std::vector<kernels::FusedQueries> runs_;          // where they lie
  std::size_t group_size_ = 0;
};

/// exp of each, at most the largest double.
[[nodiscard]] std::vector<double> exp_saturating(std::span<const double> log_values);

}  // namespace kernad::kde
