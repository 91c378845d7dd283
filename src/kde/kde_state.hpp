// What a fitted density is: the inside of GaussianKDE, shared with the classifier.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "kde/reference_set.hpp"
#include "kernad/matrix.hpp"
#include "kernels/projection.hpp"

namespace kernad::kde {

struct State {
  double bandwidth_factor = 0;    ///< Scott's h
  Matrix<double> bw_transform;    ///< k x r: W with W W^T = (h^2 C)^-1 on the r directions that vary
  std::vector<double> mean;       ///< k: subtracted before whitening; zero in a checkpoint of the reference
  double log_norm = 0;            ///< log of the kernel's constant
  kernels::Projection whitening;  ///< x -> (x - mean) W
  ReferenceSet references;        ///< N x r: the training rows, whitened
};

/// Scott's rule: N^(-1/(k+4)).
[[nodiscard]] double scott_factor(std::size_t rows, std::size_t dimension);

/// Learns from features (N x k, finite, N >= 1); variance within the rounding of T is none. pruning: see
/// make_reference_set. Throws InvalidInput when all rows are identical.
template <typename T>
[[nodiscard]] State fit(MatrixView<T> features, bool pruning, int threads);

/// The same density with its references made anew.
[[nodiscard]] std::shared_ptr<const State> with_pruning(const State& state, bool pruning);

}  // namespace kernad::kde
