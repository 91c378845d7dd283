#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kde/bandwidth.hpp"
#include "kde/double_sum.hpp"
#include "kde/kde_state.hpp"
#include "kde/kernel_covariance.hpp"
#include "kernad/error.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad::kde {
namespace {

template <typename Out, typename T>
Matrix<Out> whiten_all(const kernels::Projection& whitening, MatrixView<T> features, int threads) {
  const auto& kernels = kernels::active();
  Matrix<Out> whitened(features.rows(), whitening.outputs());
  constexpr std::size_t kBlockRows = 256;
  const std::size_t blocks = (features.rows() + kBlockRows - 1) / kBlockRows;
  parallel::parallel_for(blocks, threads, [&](std::size_t block, std::size_t) {
    const std::size_t begin = block * kBlockRows;
    const std::size_t n = std::min(kBlockRows, features.rows() - begin);
    const std::size_t stride = whitening.output_stride();
    kernels::AlignedVector<double> out(n * stride);
    kernels::AlignedVector<double> scratch(whitening.scratch_size());
    whitening.apply(kernels, features.middle_rows(begin, n), out.data(), scratch.data());
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < whitened.cols(); ++j) {
        whitened(begin + i, j) = static_cast<Out>(out[i * stride + j]);
      }
    }
  });
  return whitened;
}

/// Sets bw_transform, log_norm and whitening for kernels of covariance h^2 C. A residual column, the last one, has the
/// standard deviation `floor` in each of `residual_dimensions` directions.
void set_whitening(State& state, const KernelCovariance& covariance, std::size_t residual_dimensions, double h) {
  const std::size_t rank = covariance.variances.size();
  const std::size_t columns = covariance.directions.cols();
  const std::size_t residual = residual_dimensions == 0 ? 0 : 1;
  const std::size_t kept = covariance.floor > 0 ? residual : 0;
  state.dimension = rank + kept * residual_dimensions;
  state.bw_transform = Matrix<double>(columns + residual, rank + kept);
  state.log_norm = -0.5 * static_cast<double>(state.dimension) * std::log(2 * std::numbers::pi);
  for (std::size_t j = 0; j < rank; ++j) {
    const double inverse_bandwidth = 1 / (h * std::sqrt(covariance.variances[j]));
    state.log_norm += std::log(inverse_bandwidth);
    for (std::size_t d = 0; d < columns; ++d) {
      state.bw_transform(d, j) = covariance.directions(j, d) * inverse_bandwidth;
    }
  }
  if (kept != 0) {
    state.bw_transform(columns, rank) = 1 / (h * std::sqrt(covariance.floor));
    state.log_norm += static_cast<double>(residual_dimensions) * std::log(state.bw_transform(columns, rank));
  }
  state.whitening = kernels::Projection(state.mean, state.bw_transform);
}

double longest_row(const Matrix<float>& rows) {
  double longest = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    double square = 0;
    for (const float x : rows.row(i)) square += static_cast<double>(x) * static_cast<double>(x);
    longest = std::max(longest, square);
  }
  return std::sqrt(longest);
}

/// Whether a given (not estimated) bandwidth is so small that references must stay in double. Throws InvalidParameter
/// where double is too coarse as well. unit: the rows whitened for h = 1.
bool needs_double(const KDEOptions& options, const BandwidthChoice& choice, const Matrix<float>& unit) {
  const auto& local = choice.local_factors;
  const double narrowest = local.empty() ? 1 : *std::ranges::min_element(local);
  const double longest = longest_row(unit) / narrowest;
  if (longest > kMaxDoubleLength * choice.factor) {
    throw InvalidParameter(
        fmt::format("the bandwidth is {:g}, too small for double precision to place these {} rows; "
                    "the smallest possible is {:.3g}",
                    options.bandwidth.value(), unit.rows(), longest / kMaxDoubleLength));
  }
  return longest > kMaxFloatLength * choice.factor;
}

/// Leave-one-out and the 5th neighbour depend on which rows are equal, which fractions of a row do not show.
void require_options_for(std::span<const double> weights, const KDEOptions& options) {
  if (weights.empty()) return;
  if (options.bandwidth.rule() != Bandwidth::Rule::loo && options.local_alpha == 0) return;
  throw InvalidParameter("leave-one-out bandwidths and local_alpha take only whole numbers as weights");
}

}  // namespace

template <typename T>
State fit(MatrixView<T> features, std::span<const double> weights, const KDEOptions& options,
          std::size_t residual_dimensions, bool pruning, int threads) {
  require_options_for(weights, options);
  const std::size_t columns = features.cols() - (residual_dimensions == 0 ? 0 : 1);
  const linalg::Rows<T> rows(MatrixView<T>(features.data(), features.rows(), columns, features.row_stride()), weights);
  KernelCovariance covariance = kernel_covariance(rows, options.covariance, columns + residual_dimensions, threads);
  State state;
  state.mean = std::move(covariance.mean);
  state.mean.resize(features.cols());
  state.shrinkage = covariance.shrinkage;
  set_whitening(state, covariance, residual_dimensions, 1);
  BandwidthChoice choice = choose_bandwidth(options, rows.count(), state.dimension, threads,
                                            [&] { return whiten_all<float>(state.whitening, features, threads); });
  const bool exact = options.bandwidth.rule() == Bandwidth::Rule::value &&
                     needs_double(options, choice, whiten_all<float>(state.whitening, features, threads));
  state.loo_log_likelihood = choice.loo_log_likelihood + state.log_norm +
                             0.5 * static_cast<double>(state.dimension) * std::log(2 * std::numbers::pi);
  state.bandwidth_factor = choice.factor;
  state.bandwidth_at_limit = choice.at_limit;
  set_whitening(state, covariance, residual_dimensions, choice.factor);
  state.loo_log_densities = std::move(choice.loo_log_sums);
  for (double& x : state.loo_log_densities) x += state.log_norm - std::log(rows.count());
  state.references =
      make_reference_set(whiten_all<float>(state.whitening, features, threads), pruning, threads,
                         {std::move(choice.local_factors), state.dimension}, {weights.begin(), weights.end()});
  if (exact) state.references.exact = whiten_all<double>(state.whitening, features, threads);
  return state;
}

std::shared_ptr<const State> with_pruning(const State& state, bool pruning, int threads) {
  auto changed = std::make_shared<State>(state);
  changed->references = make_reference_set(whitened_rows(state.references), pruning, threads, state.references.adaptive,
                                           state.references.weights, state.references.tree_pays);
  changed->references.exact = state.references.exact;
  return changed;
}

template State fit(MatrixView<float>, std::span<const double>, const KDEOptions&, std::size_t, bool, int);
template State fit(MatrixView<double>, std::span<const double>, const KDEOptions&, std::size_t, bool, int);

}  // namespace kernad::kde
