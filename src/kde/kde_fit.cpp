#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <type_traits>

#include "kde/kde_state.hpp"
#include "kernad/error.hpp"
#include "linalg/moments.hpp"
#include "linalg/rank.hpp"
#include "linalg/symmetric_eigen.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad::kde {
namespace {

/// Eigenvalues and eigenvectors of the scatter matrix along the directions that vary.
template <typename T>
linalg::SymmetricEigen varying_directions(const linalg::Rows<T>& rows, const linalg::ColumnMoments& moments,
                                          int threads) {
  const std::size_t n = rows.cols();
  auto eigen =
      linalg::symmetric_eigen(linalg::scatter(rows, moments.mean, threads), n, [&](std::span<const double> values) {
        const double largest = std::sqrt(std::max(0.0, values.front()));
        constexpr bool kFloat32 = std::is_same_v<T, float>;
        return linalg::numerical_rank(values,
                                      linalg::singular_value_tolerance(moments, rows.rows(), n, largest, kFloat32));
      });
  linalg::fix_signs(eigen.vectors);
  return eigen;
}

template <typename T>
Matrix<float> whiten_all(const kernels::Projection& whitening, MatrixView<T> features, int threads) {
  const auto& kernels = kernels::active();
  Matrix<float> whitened(features.rows(), whitening.outputs());
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
        whitened(begin + i, j) = static_cast<float>(out[i * stride + j]);
      }
    }
  });
  return whitened;
}

}  // namespace

double scott_factor(std::size_t rows, std::size_t dimension) {
  return std::pow(static_cast<double>(rows), -1.0 / (static_cast<double>(dimension) + 4.0));
}

template <typename T>
State fit(MatrixView<T> features, bool pruning, int threads) {
  const linalg::Rows<T> rows(features);
  linalg::ColumnMoments moments = linalg::column_moments(rows, threads);
  const linalg::SymmetricEigen directions = varying_directions(rows, moments, threads);
  const std::size_t rank = directions.vectors.rows();
  if (rank == 0) {
    throw InvalidInput(fmt::format(
        "all {} rows of features are identical (up to rounding); there is no density to learn", features.rows()));
  }
  State state;
  state.bandwidth_factor = scott_factor(features.rows(), rank);
  state.bw_transform = Matrix<double>(features.cols(), rank);
  state.log_norm = -0.5 * static_cast<double>(rank) * std::log(2 * std::numbers::pi);
  for (std::size_t j = 0; j < rank; ++j) {
    const double deviation = std::sqrt(directions.values[j] / static_cast<double>(features.rows() - 1));
    const double inverse_bandwidth = 1 / (state.bandwidth_factor * deviation);
    state.log_norm += std::log(inverse_bandwidth);
    for (std::size_t d = 0; d < features.cols(); ++d) {
      state.bw_transform(d, j) = directions.vectors(j, d) * inverse_bandwidth;
    }
  }
  state.mean = std::move(moments.mean);
  state.whitening = kernels::Projection(state.mean, state.bw_transform);
  state.references = make_reference_set(whiten_all(state.whitening, features, threads), pruning);
  return state;
}

std::shared_ptr<const State> with_pruning(const State& state, bool pruning) {
  auto changed = std::make_shared<State>(state);
  changed->references = make_reference_set(whitened_rows(state.references), pruning);
  return changed;
}

template State fit(MatrixView<float>, bool, int);
template State fit(MatrixView<double>, bool, int);

}  // namespace kernad::kde
