#include "linalg/rank.hpp"

#include <algorithm>
#include <cmath>

namespace kernad::linalg {

double singular_value_tolerance(const ColumnMoments& moments, std::size_t rows, std::size_t n,
                                double largest_singular_value, bool float32_input) {
  const double solver = largest_singular_value * std::sqrt(static_cast<double>(n) * 0x1p-52);
  if (!float32_input) return solver;
  double row_squared = 0;
  double column = 0;
  for (const double x : moments.largest) {
    row_squared += x * x;
    column = std::max(column, x);
  }
  const double root_rows = std::sqrt(static_cast<double>(rows));
  const double root_cols = std::sqrt(static_cast<double>(moments.largest.size()));
  const double relative = 0x1p-24 * (std::sqrt(row_squared) + column * root_rows);
  const double denormal = 0x1p-150 * (root_cols + root_rows);
  return std::max(solver, relative + denormal);
}

std::size_t numerical_rank(std::span<const double> eigenvalues, double tolerance) {
  const double limit = tolerance * tolerance;
  return static_cast<std::size_t>(
      std::count_if(eigenvalues.begin(), eigenvalues.end(), [limit](double value) { return value > limit; }));
}

}  // namespace kernad::linalg
