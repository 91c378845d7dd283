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

/// Principal axes before any are dropped, one per row of `axes`.
struct Axes {
  std::vector<double> eigenvalues;  // of the scatter matrix, all of them, descending
  Matrix<double> axes;              // k x D
  std::size_t rank = 0;
};

/// How many of the data's components to keep.
std::size_t choose_count(const ComponentCount& wanted, std::span<const double> eigenvalues, std::size_t rank) {
  if (wanted.is_all()) return rank;
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

/// Eigenvectors of an n x n moment matrix of the rows: as many as are wanted and exist.
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
Axes axes_by_gram(const linalg::Rows<float>& rows, const linalg::ColumnMoments& moments,
                  std::span<const double> column_scale, const ComponentCount& wanted, int threads) {
  Matrix<double> centred = linalg::centre(rows, moments.mean, threads);
  for (std::size_t i = 0; i < centred.rows(); ++i) {
    const auto row = centred.row(i);
    for (std::size_t j = 0; j < column_scale.size(); ++j) row[j] *= column_scale[j];
  }
  Axes found = principal_eigenvectors(linalg::gram(centred), rows.rows(), moments, rows.rows(), wanted);
  const std::size_t count = found.axes.rows();
  Matrix<double> axes(count, rows.cols());
  // Row-major k x D = (k x N) (N x D) reads, column-major, as (D x N) (N x k).
  linalg::gemm_nn(rows.cols(), count, rows.rows(), centred.data(), rows.cols(), found.axes.data(), rows.rows(),
                  axes.data(), rows.cols());
  if (count != 0) linalg::orthonormalise_rows(axes);  // also divides by s, and repairs what a small s amplified
  found.axes = std::move(axes);
  return found;
}

/// scatter: of the rows, or as much as theirs.
Axes axes_by_covariance(std::vector<double> scatter, std::size_t rows, const linalg::ColumnMoments& moments,
                        std::span<const double> column_scale, const ComponentCount& wanted) {
  const std::size_t n = moments.mean.size();
  for (std::size_t a = 0; a < column_scale.size(); ++a) {
    for (std::size_t b = 0; b < column_scale.size(); ++b) scatter[a * n + b] *= column_scale[a] * column_scale[b];
  }
  return principal_eigenvectors(std::move(scatter), n, moments, rows, wanted);
}

}  // namespace

State fit(const linalg::Rows<float>& rows, const ComponentCount& n_components, Extras extras, int threads) {
  const linalg::RowMoments* given = extras.moments;
  linalg::ColumnMoments moments = given != nullptr            ? given->columns
                                  : extras.columns != nullptr ? *extras.columns
                                                              : linalg::column_moments(rows, threads);
  const auto& column_scale = extras.column_scale;
  for (std::size_t j = 0; j < column_scale.size(); ++j) moments.largest[j] *= column_scale[j];
  const auto by_scatter = [&](std::vector<double> scatter) {
    return axes_by_covariance(std::move(scatter), rows.rows(), moments, column_scale, n_components);
  };
  Axes axes = given != nullptr            ? by_scatter(given->scatter)
              : rows.rows() < rows.cols() ? axes_by_gram(rows, moments, column_scale, n_components, threads)
                                          : by_scatter(linalg::scatter(rows, moments.mean, threads));
  if (axes.rank == 0) {
    if (rows.rows() == 1) throw InvalidInput("one row has no variance to learn; two or more are needed");
    throw InvalidInput(
        fmt::format("all {} rows are identical up to float32 rounding; there is no variance to learn", rows.rows()));
  }
  linalg::fix_signs(axes.axes);
  const std::size_t count = axes.axes.rows();
  const auto varying = std::span(axes.eigenvalues).first(axes.rank);
  const double total = std::accumulate(varying.begin(), varying.end(), 0.0);
  State state;
  state.rank = axes.rank;
  state.mean = std::move(moments.mean);
  state.singular_vectors = Matrix<double>(rows.cols(), count);
  for (std::size_t k = 0; k < count; ++k) {
    state.singular_values.push_back(std::sqrt(axes.eigenvalues[k]));
    state.explained_variance_ratio.push_back(axes.eigenvalues[k] / total);
    for (std::size_t d = 0; d < rows.cols(); ++d) {
      state.singular_vectors(d, k) = column_scale.empty() ? axes.axes(k, d) : axes.axes(k, d) * column_scale[d];
    }
  }
  state.column_scale = std::move(extras.column_scale);
  if (extras.residual) state.residual_dimensions = rows.cols() - count;
  state.projection = make_projection(state);
  return state;
}

}  // namespace kernad::pca
