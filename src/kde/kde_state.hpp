// The state of a fitted density, shared by GaussianKDE and the classifier.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "kde/reference_set.hpp"
#include "kernad/kde_options.hpp"
#include "kernad/matrix.hpp"
#include "kernels/projection.hpp"
#include "scoring/block_scorer.hpp"

namespace kernad::kde {

struct State final : scoring::Scorable {
  double bandwidth_factor = 0;    ///< h
  Matrix<double> bw_transform;    ///< k x r: W with W W^T = (h^2 C)^-1 on the r directions that vary
  std::vector<double> mean;       ///< k: subtracted before whitening; zero in a checkpoint of anomalib
  double log_norm = 0;            ///< log of the kernel's constant
  kernels::Projection whitening;  ///< x -> (x - mean) W
  ReferenceSet references;        ///< N x r: the training rows, whitened
  std::size_t dimension = 0;      ///< of the density: r, or more if one column stands for several directions
  double shrinkage = 0;           ///< a of (1 - a) S + a mu I
  /// Mean leave-one-out log-likelihood of the training rows; NaN unless the bandwidth was chosen by it.
  double loo_log_likelihood = std::numeric_limits<double>::quiet_NaN();
  /// Log-densities of a sample of kLooRows training rows by all kernels but their own, from the fit; empty unless the
  /// bandwidth was chosen by likelihood.
  std::vector<double> loo_log_densities;
  bool bandwidth_at_limit = false;  ///< the likelihood is highest at an end of the search range

  [[nodiscard]] std::size_t columns() const override { return mean.size(); }
  [[nodiscard]] std::size_t multiply_adds() const override;
  /// Scores features as GaussianKDE takes them.
  [[nodiscard]] std::unique_ptr<scoring::BlockScorer> make_scorer(std::size_t workers) const override;
};

/// Throws InvalidParameter for a local_alpha out of range.
void check_options(const KDEOptions& options);

/// Learns from features (N x k, finite, N >= 1); variance within the rounding of T counts as zero. pruning: see
/// make_reference_set. residual_dimensions: 0, or the number of directions beyond k - 1 in which the training rows do
/// not vary; the last column is then the length of a row's part along them, which is 0 in training rows but not in
/// queries. A shrunk covariance has variance there as well. weights: N, or none: each row counts once. Throws
/// InvalidInput when all rows are identical; InvalidParameter for weights with options that depend on which rows are
/// copies.
template <typename T>
[[nodiscard]] State fit(MatrixView<T> features, std::span<const double> weights, const KDEOptions& options,
                        std::size_t residual_dimensions, bool pruning, int threads);

/// The same density with its references rebuilt.
[[nodiscard]] std::shared_ptr<const State> with_pruning(const State& state, bool pruning, int threads);

}  // namespace kernad::kde
