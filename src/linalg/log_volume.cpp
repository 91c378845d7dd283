#include "linalg/log_volume.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

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
  for (const double part : parts_beyond_previous(columns)) {
    if (!(part > kDependent)) return kNone;
    volume += std::log(part);
  }
  return volume;
}

}  // namespace kernad::linalg
