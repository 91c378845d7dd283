#include "reference/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace kernad::oracle {
namespace {

Real dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), Real{0}); }

/// One Jacobi rotation that makes matrix[p][q] zero; false if it already is, next to the variances of p and q.
bool rotate(Rows& matrix, Rows& vectors, std::size_t p, std::size_t q) {
  constexpr Real kEpsilon = std::numeric_limits<Real>::epsilon();
  if (std::abs(matrix[p][q]) <= kEpsilon * kEpsilon * std::sqrt(std::abs(matrix[p][p]) * std::abs(matrix[q][q])))
    return false;
  const Real theta = (matrix[q][q] - matrix[p][p]) / (2 * matrix[p][q]);
  const Real t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
  const Real c = 1 / std::sqrt(t * t + 1);
  const Real s = t * c;
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    const Real a = matrix[i][p];
    const Real b = matrix[i][q];
    matrix[i][p] = c * a - s * b;
    matrix[i][q] = s * a + c * b;
  }
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    const Real a = matrix[p][i];
    const Real b = matrix[q][i];
    matrix[p][i] = c * a - s * b;
    matrix[q][i] = s * a + c * b;
    const Real v = vectors[p][i];
    const Real w = vectors[q][i];
    vectors[p][i] = c * v - s * w;
    vectors[q][i] = s * v + c * w;
  }
  return true;
}

}  // namespace

Rows to_rows(EmbeddingsView view) {
  Rows rows(view.rows());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].assign(view.row(i).begin(), view.row(i).end());
  return rows;
}

Eigen symmetric_eigen(Rows matrix) {
  const std::size_t n = matrix.size();
  Rows vectors(n, Vector(n));
  for (std::size_t i = 0; i < n; ++i) vectors[i][i] = 1;
  bool rotated = true;
  for (int sweep = 0; rotated && sweep < 30; ++sweep) {
    rotated = false;
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) rotated |= rotate(matrix, vectors, p, q);
    }
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return matrix[a][a] > matrix[b][b]; });
  Eigen eigen;
  for (const std::size_t i : order) {
    eigen.values.push_back(matrix[i][i]);
    eigen.vectors.push_back(vectors[i]);
  }
  return eigen;
}

Vector column_means(const Rows& rows) {
  Vector mean(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t j = 0; j < row.size(); ++j) mean[j] += row[j];
  }
  for (Real& x : mean) x /= static_cast<Real>(rows.size());
  return mean;
}

Rows covariance(const Rows& rows) {
  const Vector mean = column_means(rows);
  Rows result(mean.size(), Vector(mean.size()));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < mean.size(); ++i) {
      for (std::size_t j = 0; j < mean.size(); ++j) result[i][j] += (row[i] - mean[i]) * (row[j] - mean[j]);
    }
  }
  for (auto& row : result) {
    for (Real& x : row) x /= static_cast<Real>(rows.size() - 1);
  }
  return result;
}

Real log_mean_kernel(const Vector& query, const Rows& references) {
  Vector exponents;
  for (const auto& reference : references) {
    Real sum = 0;
    for (std::size_t j = 0; j < query.size(); ++j) sum += (query[j] - reference[j]) * (query[j] - reference[j]);
    exponents.push_back(-sum / 2);
  }
  const Real max = *std::max_element(exponents.begin(), exponents.end());
  Real sum = 0;
  for (const Real x : exponents) sum += std::exp(x - max);
  return max + std::log(sum / static_cast<Real>(references.size()));
}

Real log_kernel_sum(std::span<const double> query, MatrixView<float> references, std::span<const double> factors,
                    std::size_t dimension) {
  Vector terms(references.rows());
  for (std::size_t i = 0; i < references.rows(); ++i) {
    const auto reference = references.row(i);
    Real square = 0;
    for (std::size_t j = 0; j < query.size(); ++j) {
      const Real difference = static_cast<Real>(query[j]) - static_cast<Real>(reference[j]);
      square += difference * difference;
    }
    const Real h = factors.empty() ? 1 : factors[i];
    terms[i] = -square / (2 * h * h) - static_cast<Real>(dimension) * std::log(h);
  }
  const Real max = *std::max_element(terms.begin(), terms.end());
  Real sum = 0;
  for (const Real term : terms) sum += std::exp(term - max);
  return max + std::log(sum);
}

Density::Density(const Rows& features, Real rank_tolerance) : mean_(column_means(features)) {
  const Eigen eigen = symmetric_eigen(covariance(features));
  const auto rank = static_cast<std::size_t>(std::count_if(eigen.values.begin(), eigen.values.end(), [&](Real value) {
    return value > rank_tolerance * eigen.values.front() && value > 0;
  }));
  const Real h = std::pow(static_cast<Real>(features.size()), -1 / static_cast<Real>(rank + 4));
  log_norm_ = -static_cast<Real>(rank) / 2 * std::log(2 * std::numbers::pi_v<Real>);
  for (std::size_t i = 0; i < rank; ++i) {
    const Real bandwidth = h * std::sqrt(eigen.values[i]);
    log_norm_ -= std::log(bandwidth);
    transform_.push_back(eigen.vectors[i]);
    for (Real& x : transform_.back()) x /= bandwidth;
  }
  for (const auto& row : features) references_.push_back(whiten(row));
}

Vector Density::whiten(const Vector& x) const {
  Vector centred(x.size());
  for (std::size_t j = 0; j < x.size(); ++j) centred[j] = x[j] - mean_[j];
  Vector whitened;
  for (const auto& axis : transform_) whitened.push_back(dot(axis, centred));
  return whitened;
}

Real Density::log_density(const Vector& query) const { return log_norm_ + log_mean_kernel(whiten(query), references_); }

Classifier::Classifier(const Rows& embeddings, std::size_t components, FeatureScalingMethod method)
    : mean_(column_means(embeddings)), method_(method) {
  const Eigen eigen = symmetric_eigen(covariance(embeddings));
  axes_.assign(eigen.vectors.begin(), eigen.vectors.begin() + static_cast<std::ptrdiff_t>(components));
  max_length_ = 1;
  if (method_ == FeatureScalingMethod::scale) {
    Real longest = 0;
    for (const auto& row : embeddings) {
      const Vector projected = features(row);
      longest = std::max(longest, std::sqrt(dot(projected, projected)));
    }
    max_length_ = longest;
  }
  Rows scaled;
  for (const auto& row : embeddings) scaled.push_back(features(row));
  density_.emplace_back(scaled);
}

Vector Classifier::features(const Vector& x) const {
  Vector centred(x.size());
  for (std::size_t j = 0; j < x.size(); ++j) centred[j] = x[j] - mean_[j];
  Vector projected;
  for (const auto& axis : axes_) projected.push_back(dot(axis, centred));
  const Real length = method_ == FeatureScalingMethod::norm ? std::sqrt(dot(projected, projected)) : max_length_;
  for (Real& value : projected) value = length == 0 ? value : value / length;
  return projected;
}

Real Classifier::log_density(const Vector& x) const { return density_.front().log_density(features(x)); }

Real allowed_error(Real value) { return std::abs(value) < 100 ? 1e-4L : 1e-6L * std::abs(value); }

}  // namespace kernad::oracle
