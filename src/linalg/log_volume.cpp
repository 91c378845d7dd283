#include "linalg/log_volume.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "kernad/sampling.hpp"
#include "kernels/projection.hpp"
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

/// The sum of squares of each column.
std::vector<double> squared_lengths(const Matrix<double>& matrix) {
  std::vector<double> squares(matrix.cols());
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    const auto row = matrix.row(i);
    for (std::size_t j = 0; j < row.size(); ++j) squares[j] += row[j] * row[j];
  }
  return squares;
}

/// Random factors of each column, one row for each; divided by the lengths. Magnitudes from 1 to 2, because products of
/// plain signs can cancel.
Matrix<double> random_factors(std::span<const double> squares, std::size_t draws, std::span<double> sums) {
  Matrix<double> factors(squares.size(), draws);
  for (std::size_t j = 0; j < squares.size(); ++j) {
    const double inverse = 1 / std::sqrt(squares[j]);
    for (std::size_t draw = 0; draw < draws; ++draw) {
      const std::uint64_t key = row_key(draw, j);
      const double factor = std::ldexp(static_cast<double>(key >> 12U), -52) + 1;
      sums[draw] += factor * factor;
      factors(j, draw) = (key & 1U) != 0 ? factor * inverse : -factor * inverse;
    }
  }
  return factors;
}

/// Whether columns, whose squared lengths are given, are orthogonal. With C what the products of the columns at unit
/// length differ from the identity by, the logarithm of the volume is |C|^2 / 4 below zero. For factors g drawn at
/// random, the combination of the columns has a squared length of |g|^2 + g C g, and g C g is 3.3 |C| on average (a
/// product is checked without being computed, as by Freivalds 1977): a C that costs 1e-6 nats is found by each draw
/// with a probability of 0.9 or more.
bool are_orthogonal(const Matrix<double>& matrix, std::span<const double> squares) {
  constexpr std::size_t kDraws = kernels::kPanelColumns;
  constexpr double kNegligible = 3e-4;
  constexpr std::size_t kBlockRows = 32;
  std::array<double, kDraws> expected{};
  const kernels::Projection combine(std::vector<double>(squares.size()), random_factors(squares, kDraws, expected));
  std::array<double, kDraws> found{};
  kernels::AlignedVector<double> scratch(combine.scratch_size());
  kernels::AlignedVector<double> out(kBlockRows * combine.output_stride());
  for (std::size_t first = 0; first < matrix.rows(); first += kBlockRows) {
    const std::size_t n = std::min(kBlockRows, matrix.rows() - first);
    combine.apply(kernels::active(), matrix.view().middle_rows(first, n), out.data(), scratch.data());
    for (std::size_t i = 0; i < n * kDraws; ++i) found[i % kDraws] += out[i] * out[i];
  }
  for (std::size_t draw = 0; draw < kDraws; ++draw) {
    if (!(std::abs(found[draw] - expected[draw]) <= kNegligible)) return false;
  }
  return true;
}

/// By a decomposition, O(r c^2), whatever the columns.
double volume_of_any(const Matrix<double>& matrix) {
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

}  // namespace

double log_volume(const Matrix<double>& matrix) {
  if (matrix.cols() > matrix.rows()) return kNone;
  const std::vector<double> squares = squared_lengths(matrix);
  const auto in_range = [](double square) { return square > 1e-250 && square < 1e250; };
  if (!std::ranges::all_of(squares, in_range) || !are_orthogonal(matrix, squares)) return volume_of_any(matrix);
  double volume = 0;
  for (const double square : squares) volume += 0.5 * std::log(square);
  return volume;
}

}  // namespace kernad::linalg
