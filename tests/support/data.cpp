#include "support/data.hpp"

#include <cmath>
#include <numbers>

#include "kernad/sampling.hpp"

namespace kernad::testing {

double Random::uniform() { return (static_cast<double>(row_key(0x5eed, state_++) >> 11) + 0.5) * 0x1p-53; }

double Random::normal() {
  const double radius = std::sqrt(-2 * std::log(uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

Embeddings gaussian(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  Random random(seed << 40);
  Embeddings result(rows, cols);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < cols; ++j) result(i, j) = static_cast<float>(random.normal());
  }
  return result;
}

Matrix<double> rotation(std::size_t cols, std::uint64_t seed) {
  Random random((seed << 40) + 0x777);
  Matrix<double> q(cols, cols);
  for (std::size_t i = 0; i < cols; ++i) {
    for (double& x : q.row(i)) x = random.normal();
    // Gram-Schmidt, twice for orthogonality to rounding.
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t k = 0; k < i; ++k) {
        double dot = 0;
        for (std::size_t j = 0; j < cols; ++j) dot += q(i, j) * q(k, j);
        for (std::size_t j = 0; j < cols; ++j) q(i, j) -= dot * q(k, j);
      }
    }
    double norm = 0;
    for (const double x : q.row(i)) norm += x * x;
    for (double& x : q.row(i)) x /= std::sqrt(norm);
  }
  return q;
}

Embeddings multiply(EmbeddingsView rows, const Matrix<double>& matrix) {
  Embeddings result(rows.rows(), matrix.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < matrix.cols(); ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < rows.cols(); ++k) sum += static_cast<double>(rows.row(i)[k]) * matrix(k, j);
      result(i, j) = static_cast<float>(sum);
    }
  }
  return result;
}

Embeddings map(EmbeddingsView rows, const std::function<double(double, std::size_t, std::size_t)>& change) {
  Embeddings result(rows.rows(), rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < rows.cols(); ++j) {
      result(i, j) = static_cast<float>(change(static_cast<double>(rows.row(i)[j]), i, j));
    }
  }
  return result;
}

Embeddings correlated(std::size_t rows, std::size_t cols, double ratio, double offset, std::uint64_t seed) {
  const Embeddings scaled = map(gaussian(rows, cols, seed), [&](double x, std::size_t, std::size_t j) {
    return x * std::pow(ratio, static_cast<double>(j));
  });
  const Embeddings mixed = multiply(scaled, rotation(cols, seed + 1));
  return map(mixed,
             [&](double x, std::size_t, std::size_t j) { return x + offset * (1.0 + static_cast<double>(j % 3)); });
}

}  // namespace kernad::testing
