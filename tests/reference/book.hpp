// Kernel densities of any covariance and width by their formulas, in long double: the standard for the estimators.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

#include "kernad/matrix.hpp"
#include "reference/oracle.hpp"
#include "support/data.hpp"

namespace kernad::book {

using oracle::Real;

/// |a - b|^2.
inline Real square_distance(const oracle::Vector& a, const oracle::Vector& b) {
  Real sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return sum;
}

/// The covariance of the rows, (1 - a) S + a mu I.
inline oracle::Rows shrunk_covariance(const oracle::Rows& rows, Real a) {
  oracle::Rows result = oracle::covariance(rows);
  Real mean = 0;
  for (std::size_t j = 0; j < result.size(); ++j) mean += result[j][j] / static_cast<Real>(result.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    for (std::size_t j = 0; j < result.size(); ++j) result[i][j] = (1 - a) * result[i][j] + (i == j ? a * mean : 0);
  }
  return result;
}

/// A kernel density with any covariance and any bandwidth for each row.
class Book {
 public:
  Book(const oracle::Rows& rows, const oracle::Rows& covariance, Real h, std::vector<double> local = {})
      : eigen_(oracle::symmetric_eigen(covariance)), h_(h), local_(std::move(local)) {
    if (local_.empty()) local_.assign(rows.size(), 1);
    for (const auto& row : rows) references_.push_back(whiten(row));
  }

  [[nodiscard]] oracle::Vector whiten(const oracle::Vector& x) const {
    oracle::Vector whitened;
    for (std::size_t j = 0; j < eigen_.values.size(); ++j) {
      Real dot = 0;
      for (std::size_t d = 0; d < x.size(); ++d) dot += eigen_.vectors[j][d] * x[d];
      whitened.push_back(dot / std::sqrt(eigen_.values[j]));
    }
    return whitened;
  }

  /// The log-density of a query, leaving out the row `without` and rows equal to it.
  [[nodiscard]] Real log_density(const oracle::Vector& query, Real h, std::size_t without = kNone) const {
    const auto k = static_cast<Real>(query.size());
    const auto q = whiten(query);
    std::vector<Real> exponents;
    for (std::size_t i = 0; i < references_.size(); ++i) {
      if (without != kNone && references_[i] == references_[without]) continue;
      const Real width = h * local_[i];
      exponents.push_back(-square_distance(q, references_[i]) / (2 * width * width) - k * std::log(width));
    }
    const Real most = *std::max_element(exponents.begin(), exponents.end());
    Real sum = 0;
    for (const Real x : exponents) sum += std::exp(x - most);
    Real result = most + std::log(sum / static_cast<Real>(exponents.size()));
    for (const Real value : eigen_.values) result -= std::log(2 * std::numbers::pi_v<Real> * value) / 2;
    return result;
  }
  [[nodiscard]] Real log_density(const oracle::Vector& query) const { return log_density(query, h_); }
  [[nodiscard]] const oracle::Rows& whitened() const { return references_; }

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

 private:
  oracle::Eigen eigen_;
  Real h_;
  std::vector<double> local_;
  oracle::Rows references_;
};

inline void expect_like_the_book(const std::vector<double>& scores, const Book& book, EmbeddingsView queries) {
  const auto rows = oracle::to_rows(queries);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Real expected = book.log_density(rows[i]);
    EXPECT_NEAR(scores[i], static_cast<double>(expected), static_cast<double>(oracle::allowed_error(expected)))
        << "row " << i;
  }
}

/// Queries near the rows, between them and far away.
inline Embeddings queries_around(EmbeddingsView rows) {
  return testing::map(rows, [](double x, std::size_t i, std::size_t j) {
    const double step = (j % 2 == 0 ? 0.3 : -0.2) * static_cast<double>(i % 5);
    return (i % 7 == 6 ? 4 : 1) * (x + step);
  });
}

/// Rows rounded to float32.
inline Matrix<float> to_float(const oracle::Rows& rows) {
  Matrix<float> result(rows.size(), rows[0].size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows[i].size(); ++j) result(i, j) = static_cast<float>(rows[i][j]);
  }
  return result;
}

}  // namespace kernad::book
