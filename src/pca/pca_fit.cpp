#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "kernad/error.hpp"
#include "linalg/blas.hpp"
#include "linalg/moments.hpp"
#include "linalg/rank.hpp"
#include "linalg/symmetric_eigen.hpp"
#include "parallel/parallel_for.hpp"
#include "pca/pca_state.hpp"

namespace kernad::pca {
namespace {

/// Principal axes before they are cut to size: one a row of `axes`.
struct Axes {
  std::vector<double> eigenvalues;  // of the scatter matrix, all of them, descending
  Matrix<double> axes;              // k x D
  std::size_t rank = 0;
};

/// Components to keep of those that the data have.
std::size_t choose_count(const ComponentCount& wanted, std::span<const double> eigenvalues, std::size_t rank) {
  if (!wanted.is_share()) return std::min(wanted.count(), rank);
  const auto positive = eigenvalues.first(rank);
  const double total = std::accumulate(positive.begin(), positive.end(), 0.0);
  double sum = 0;
  for (std::size_t k = 0; k < rank; ++k) {
    sum += positive[k];
    if (sum >= wanted.share() * total) return k + 1;
  }
  return rank;
}

/// Eigenvectors of an n x n moment matrix of the rows, as many as wanted and as the data have.
Axes principal_eigenvectors(std::vector<double> moment_matrix, std::size_t n, const linalg::ColumnMoments& moments,
                            std::size_t rows, const ComponentCount& wanted) {
  std::size_t rank = 0;
  auto eigen = linalg::symmetric_eigen(std::move(moment_matrix), n, [&](std::span<const double> values) {
    const double largest = std::sqrt(std::max(0.0, values.front()));
    rank = linalg::numerical_rank(values, linalg::singular_value_tolerance(moments, rows, n, largest, true));
    return choose_count(wanted, values, rank);
  });
  return {std::move(eigen.values), std::move(eigen.vectors), rank};
}

/// With fewer rows than columns the N x N Gram matrix has the same non-zero eigenvalues; its eigenvectors u give the
/// axes X^T u / s.
Axes axes_by_gram(const linalg::Rows<float>& rows, const linalg::ColumnMoments& moments, const ComponentCount& wanted,
                  int threads) {
  const Matrix<double> centred = linalg::centre(rows, moments.mean, threads);
  Axes found = principal_eigenvectors(linalg::gram(centred), rows.rows(), moments, rows.rows(), wanted);
  const std::size_t count = found.axes.rows();
  Matrix<double> axes(count, rows.cols());
  // Row-major k x D = (k x N) (N x D) reads, column-major, as (D x N) (N x k).
  linalg::gemm_nn(rows.cols(), count, rows.rows(), centred.data(), rows.cols(), found.axes.data(), rows.rows(),
                  axes.data(), rows.cols());
  if (count != 0) linalg::orthonormalise_rows(axes);  // also divides by s, and mends what a small s has amplified
  found.axes = std::move(axes);
  return found;
}

Axes axes_by_covariance(const linalg::Rows<float>& rows, const linalg::ColumnMoments& moments,
                        const ComponentCount& wanted, int threads) {
  return principal_eigenvectors(linalg::scatter(rows, moments.mean, threads), rows.cols(), moments, rows.rows(),
                                wanted);
}

}  // namespace

State fit(const linalg::Rows<float>& rows, const ComponentCount& n_components, int threads) {
  linalg::ColumnMoments moments = linalg::column_moments(rows, threads);
  Axes axes = rows.rows() < rows.cols() ? axes_by_gram(rows, moments, n_components, threads)
                                        : axes_by_covariance(rows, moments, n_components, threads);
  if (axes.rank == 0) {
    if (rows.rows() == 1) throw InvalidInput("one row has no variance to learn; two or more are needed");
    throw InvalidInput(
        fmt::format("all {} rows are identical up to float32 rounding; there is no variance to learn", rows.rows()));
  }
  linalg::fix_signs(axes.axes);
  const std::size_t count = axes.axes.rows();
  const double total = std::accumulate(axes.eigenvalues.begin(), axes.eigenvalues.begin() + axes.rank, 0.0);
  State state;
  state.rank = axes.rank;
  state.mean = std::move(moments.mean);
  state.singular_vectors = Matrix<double>(rows.cols(), count);
  for (std::size_t k = 0; k < count; ++k) {
    state.singular_values.push_back(std::sqrt(axes.eigenvalues[k]));
    state.explained_variance_ratio.push_back(axes.eigenvalues[k] / total);
    for (std::size_t d = 0; d < rows.cols(); ++d) state.singular_vectors(d, k) = axes.axes(k, d);
  }
  state.projection = kernels::Projection(state.mean, state.singular_vectors);
  return state;
}

Matrix<double> project(const State& state, const linalg::Rows<float>& rows, int threads) {
  const auto& projection = state.projection;
  const auto& kernels = kernels::active();
  Matrix<double> projected(rows.rows(), projection.outputs());
  constexpr std::size_t kBlockRows = 32;  // gathered side by side: the kernel takes several rows at a time
  const std::size_t blocks = (rows.rows() + kBlockRows - 1) / kBlockRows;
  struct Scratch {
    Embeddings gathered;
    kernels::AlignedVector<double> out;
    kernels::AlignedVector<double> centred;
  };
  std::vector<Scratch> scratch(std::min(blocks, static_cast<std::size_t>(std::max(1, threads))));
  parallel::parallel_for(blocks, threads, [&](std::size_t block, std::size_t worker) {
    auto& [gathered, out, centred] = scratch[worker];
    if (gathered.empty()) {
      gathered = Embeddings(kBlockRows, rows.cols());
      out.resize(kBlockRows * projection.output_stride());
      centred.resize(projection.scratch_size());
    }
    const std::size_t first = block * kBlockRows;
    const std::size_t n = std::min(rows.rows() - first, kBlockRows);
    for (std::size_t i = 0; i < n; ++i) std::copy_n(rows.row(first + i).data(), rows.cols(), gathered.row(i).data());
    projection.apply(kernels, gathered.view().middle_rows(0, n), out.data(), centred.data());
    for (std::size_t i = 0; i < n; ++i) {
      std::copy_n(out.data() + i * projection.output_stride(), projection.outputs(), projected.row(first + i).data());
    }
  });
  return projected;
}

}  // namespace kernad::pca
