// What a fitted density is, and its sum: the inside of GaussianKDE, shared with the classifier.
#pragma once

#include <cstddef>
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

/// Log-densities of `rows` whitened queries (stride apart, r doubles each, finite) into out[rows]. Single-threaded, no
/// allocation; a query's result does not depend on the queries beside it.
void log_density_block(const State& state, const kernels::KernelTable& kernels, const double* queries,
                       std::size_t stride, std::size_t rows, double* out);

/// Most queries of one log_density_block: enough to reuse references from the cache, few enough for the stack.
inline constexpr std::size_t kBlockQueries = 64;

/// exp of each, at most the largest double.
[[nodiscard]] std::vector<double> exp_saturating(std::span<const double> log_values);

}  // namespace kernad::kde
