// A second implementation of the classifier, straight from the formulas: long double, brute force, no blocking, no
// float32. Slow but correct.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernad/feature_scaling_method.hpp"
#include "kernad/matrix.hpp"

namespace kernad::oracle {

using Real = long double;
using Vector = std::vector<Real>;
using Rows = std::vector<Vector>;  // one vector per row

[[nodiscard]] Rows to_rows(EmbeddingsView view);

/// Eigenvalues (descending) and eigenvectors (one per row) of a symmetric matrix by cyclic Jacobi rotations.
struct Eigen {
  Vector values;
  Rows vectors;
};
[[nodiscard]] Eigen symmetric_eigen(Rows matrix);

[[nodiscard]] Vector column_means(const Rows& rows);
/// sum (x - mean)(x - mean)^T / (N - 1).
[[nodiscard]] Rows covariance(const Rows& rows);

/// log of 1/N sum_i exp(-|q - r_i|^2 / 2), stably.
[[nodiscard]] Real log_mean_kernel(const Vector& query, const Rows& references);

/// log of sum_i exp(-|q - r_i|^2 / (2 h_i^2)) / h_i^dimension; without factors h_i = 1.
[[nodiscard]] Real log_kernel_sum(std::span<const double> query, MatrixView<float> references,
                                  std::span<const double> factors = {}, std::size_t dimension = 0);

/// GaussianKDE from features: Scott's rule on the directions whose variance is above `rank_tolerance` times the
/// largest.
class Density {
 public:
  explicit Density(const Rows& features, Real rank_tolerance = 1e-12L);
  [[nodiscard]] Real log_density(const Vector& query) const;
  [[nodiscard]] std::size_t rank() const { return transform_.empty() ? 0 : transform_.size(); }

 private:
  [[nodiscard]] Vector whiten(const Vector& x) const;
  Vector mean_;
  Rows transform_;  // r rows of k: scaled eigenvectors
  Rows references_;
  Real log_norm_ = 0;
};

/// The whole classifier with a fixed number of components.
class Classifier {
 public:
  Classifier(const Rows& embeddings, std::size_t components, FeatureScalingMethod method);
  [[nodiscard]] Real log_density(const Vector& x) const;

 private:
  [[nodiscard]] Vector features(const Vector& x) const;
  Vector mean_;
  Rows axes_;
  FeatureScalingMethod method_;
  Real max_length_ = 0;
  std::vector<Density> density_;  // a single one, created last
};

/// The guaranteed accuracy (docs/numerics.md): 1e-4 absolute for |value| < 100, 1e-6 relative beyond.
[[nodiscard]] Real allowed_error(Real value);

}  // namespace kernad::oracle
