#include "linalg/log_volume.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "kernad/sampling.hpp"
#include "linalg/sum_of.hpp"
#include "linalg/symmetric_eigen.hpp"

namespace kernad::linalg {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();
constexpr double kDependent = 1e-13;

/// To unit length; returns the logarithm of the length, -infinity of a row of zeros.
double to_unit_length(std::span<double> row) {
  double largest = 0;
  for (const double x : row) largest = std::max(largest, std::abs(x));
  if (largest == 0) return kNone;
  double squares = 0;
  for (double& x : row) {
    x /= largest;
    squares += x * x;
  }
  for (double& x : row) x /= std::sqrt(squares);
  return std::log(largest) + 0.5 * std::log(squares);
}

/// Whether unit vectors, the rows, are orthogonal. With C what their products differ from the identity by, and signs s
/// drawn at random, |C s|^2 is |C|^2 on average (Freivalds 1977: a product is checked without being computed), and the
/// logarithm of the volume is |C|^2 / 4 below zero. That eight draws are all below a hundredth of the average has a
/// probability of 2e-9.
bool are_orthogonal(const Matrix<double>& vectors) {
  constexpr std::uint64_t kDraws = 8;
  constexpr double kNegligible = 1e-8;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    const auto sign = [draw](std::size_t j) { return (row_key(draw, j) & 1U) != 0 ? 1.0 : -1.0; };
    std::vector<double> sum(vectors.cols());
    for (std::size_t j = 0; j < vectors.rows(); ++j) {
      const auto vector = vectors.row(j);
      const double s = sign(j);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += s * vector[i];
    }
    double squares = 0;
    for (std::size_t j = 0; j < vectors.rows(); ++j) {
      const auto vector = vectors.row(j);
      const double off = sum_of(sum.size(), [&](std::size_t i) { return vector[i] * sum[i]; }) - sign(j);
      squares += off * off;
    }
    if (!(squares <= kNegligible)) return false;
  }
  return true;
}

}  // namespace

double log_volume(const Matrix<double>& matrix) {
  if (matrix.cols() > matrix.rows()) return kNone;
  Matrix<double> columns(matrix.cols(), matrix.rows());  // one per row
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    for (std::size_t j = 0; j < matrix.cols(); ++j) columns(j, i) = matrix(i, j);
  }
  double volume = 0;
  for (std::size_t j = 0; j < columns.rows(); ++j) volume += to_unit_length(columns.row(j));
  if (!std::isfinite(volume)) return kNone;
  if (are_orthogonal(columns)) return volume;  // as a fit leaves them: no need for a decomposition, O(k^3)
  for (const double part : parts_beyond_previous(columns)) {
    if (!(part > kDependent)) return kNone;
    volume += std::log(part);
  }
  return volume;
}

}  // namespace kernad::linalg
