#include "pca/residual.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace kernad::pca {
namespace {

constexpr double kFaint = 1e-4;

/// The last `axes` columns.
Matrix<double> last_columns(const Matrix<double>& matrix, std::size_t axes) {
  Matrix<double> result(matrix.rows(), axes);
  for (std::size_t d = 0; d < matrix.rows(); ++d) {
    std::copy_n(matrix.row(d).data() + (matrix.cols() - axes), axes, result.row(d).data());
  }
  return result;
}

Matrix<double> transposed(const Matrix<double>& matrix) {
  Matrix<double> result(matrix.cols(), matrix.rows());
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    for (std::size_t j = 0; j < matrix.cols(); ++j) result(j, i) = matrix(i, j);
  }
  return result;
}

double finite(double square) { return std::min(square, std::numeric_limits<double>::max()); }

}  // namespace

Residual Residual::outside(const State& state) {
  Residual residual;
  const std::size_t columns = state.mean.size();
  residual.mean_ = state.mean;
  residual.scale_ = state.column_scale.empty() ? std::vector<double>(columns, 1.0) : state.column_scale;
  residual.vectors_ = state.singular_vectors;
  residual.inner_ = kernels::Projection(state.mean, state.singular_vectors);
  for (std::size_t d = 0; d < columns; ++d) {
    for (double& x : residual.vectors_.row(d)) x /= residual.scale_[d];
  }
  const std::vector<double> zero(state.singular_vectors.cols());
  residual.outer_ = kernels::Projection(zero, transposed(residual.vectors_));
  return residual;
}

Residual Residual::along_last(const State& state, std::size_t axes, double rows) {
  Residual residual;
  const std::size_t columns = state.mean.size();
  residual.mean_ = state.mean;
  residual.scale_ = state.column_scale.empty() ? std::vector<double>(columns, 1.0) : state.column_scale;
  Matrix<double> whitening = last_columns(state.singular_vectors, axes);
  residual.vectors_ = whitening;
  for (std::size_t j = 0; j < axes; ++j) {
    const double value = state.singular_values[state.singular_values.size() - axes + j];
    residual.variances_.push_back(std::max(value * value / rows, std::numeric_limits<double>::min()));
  }
  for (std::size_t d = 0; d < columns; ++d) {
    for (std::size_t j = 0; j < axes; ++j) {
      residual.vectors_(d, j) /= residual.scale_[d];
      whitening(d, j) /= std::sqrt(residual.variances_[j]);
    }
  }
  residual.inner_ = kernels::Projection(state.mean, whitening);
  return residual;
}

Residual::Scratch::Scratch(const Residual& residual, std::size_t rows)
    : inner_(rows * residual.inner_.output_stride()),
      outer_(rows * residual.outer_.output_stride()),
      work_(std::max(residual.inner_.scratch_size(), residual.outer_.scratch_size())) {}

void Residual::squares(const kernels::KernelTable& kernels, EmbeddingsView rows, double* out, Scratch& scratch) const {
  const std::size_t stride = inner_.output_stride();
  inner_.apply(kernels, rows, scratch.inner_.data(), scratch.work_.data());
  if (axes() != 0) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const double* along = scratch.inner_.data() + i * stride;
      out[i] = 0;
      for (std::size_t j = 0; j < axes(); ++j) out[i] += along[j] * along[j];
      out[i] = finite(out[i]);
    }
    return;
  }
  outer_.apply(kernels, MatrixView<double>(scratch.inner_.data(), rows.rows(), inner_.outputs(), stride),
               scratch.outer_.data(), scratch.work_.data());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    out[i] = squared_outside(rows.row(i), scratch.outer_.data() + i * outer_.output_stride());
  }
}

double Residual::squared_outside(std::span<const float> row, const double* seen) const {
  constexpr double kRounding = 8 * 0x1p-24;  // with a margin
  std::array<double, 4> sums{};
  std::array<double, 4> sizes{};
  for (std::size_t d = 0; d < row.size(); ++d) {
    const double x = row[d];
    const double left = (x - mean_[d]) * scale_[d] - seen[d];
    const double size = std::max(std::abs(x), std::abs(mean_[d])) * scale_[d];
    sums[d % 4] += left * left;
    sizes[d % 4] += size * size;
  }
  const double square = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  const double rounding = (sizes[0] + sizes[1]) + (sizes[2] + sizes[3]);
  return square > kRounding * kRounding * rounding ? finite(square) : 0;
}

Residual::Columns Residual::explain(std::span<const float> row) const {
  const std::size_t columns = row.size();
  std::vector<double> along(vectors_.cols());
  for (std::size_t d = 0; d < columns; ++d) {
    const double z = (double{row[d]} - mean_[d]) * scale_[d];
    for (std::size_t j = 0; j < along.size(); ++j) along[j] += vectors_(d, j) * z;
  }
  std::vector<double> part(columns);   // of z
  std::vector<double> slope(columns);  // half the gradient of the residual there
  double square = 0;
  for (std::size_t d = 0; d < columns; ++d) {
    double seen = 0;
    for (std::size_t j = 0; j < along.size(); ++j) {
      seen += vectors_(d, j) * along[j];
      if (axes() != 0) slope[d] += vectors_(d, j) * along[j] / variances_[j];
    }
    part[d] = axes() != 0 ? seen : (double{row[d]} - mean_[d]) * scale_[d] - seen;
    if (axes() == 0) slope[d] = part[d];
    square += part[d] * slope[d];
  }
  Columns result{std::vector<double>(columns), std::vector<double>(columns)};
  if (!(square > 0)) return result;
  for (std::size_t d = 0; d < columns; ++d) {
    result.moved[d] = part[d] / scale_[d];
    result.shares[d] = part[d] * slope[d] / square;
  }
  return result;
}

std::size_t faint_axes(const State& state, std::size_t rows) {
  const auto& values = state.singular_values;
  const std::size_t columns = state.mean.size();
  if (rows < 2 * (columns + 1)) return 0;  // the smallest of few rows' variances say nothing
  // Of standardised columns, each of which has variance 1.
  const double limit = kFaint * static_cast<double>(rows);
  return static_cast<std::size_t>(std::ranges::count_if(values, [&](double x) { return x * x < limit; }));
}

}  // namespace kernad::pca
