#include "explanation/contributions.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "linalg/symmetric_eigen.hpp"

namespace kernad::explanation {
namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

Matrix<double> transposed(const Matrix<double>& matrix) {
  Matrix<double> result(matrix.cols(), matrix.rows());
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    for (std::size_t j = 0; j < matrix.cols(); ++j) result(j, i) = matrix(i, j);
  }
  return result;
}

}  // namespace

WhiteningInverse::WhiteningInverse(const Matrix<double>& whitening)
    : basis_(transposed(whitening)), triangular_(whitening.cols(), whitening.cols()) {
  const Matrix<double> columns = basis_;
  linalg::orthonormalise_rows(basis_);
  for (std::size_t i = 0; i < triangular_.rows(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) triangular_(i, j) = dot(columns.row(i), basis_.row(j));
  }
}

std::vector<double> WhiteningInverse::unwhiten(std::span<const double> whitened) const {
  // W^T e = R^T Q^T e = whitened is solved by e = Q y with R^T y = whitened.
  std::vector<double> y(whitened.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = (whitened[i] - dot(triangular_.row(i).first(i), std::span(y).first(i))) / triangular_(i, i);
  }
  std::vector<double> e(basis_.cols());
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t j = 0; j < e.size(); ++j) e[j] += y[i] * basis_(i, j);
  }
  return e;
}

std::vector<double> WhiteningInverse::null_part(std::vector<double> features) const {
  if (basis_.rows() == basis_.cols()) return std::vector<double>(features.size());
  for (std::size_t i = 0; i < basis_.rows(); ++i) {
    const double along = dot(basis_.row(i), features);
    for (std::size_t j = 0; j < features.size(); ++j) features[j] -= along * basis_(i, j);
  }
  return features;
}

std::vector<double> multiply(const Matrix<double>& matrix, std::span<const double> vector) {
  std::vector<double> result(matrix.rows());
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = dot(matrix.row(i), vector);
  return result;
}

std::vector<double> products(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> result(a.size());
  std::transform(a.begin(), a.end(), b.begin(), result.begin(), std::multiplies<>());
  return result;
}

double length(std::span<const double> vector) { return std::sqrt(dot(vector, vector)); }

}  // namespace kernad::explanation
