#include "subspace/subspace.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/moments.hpp"
#include "linalg/rank.hpp"
#include "linalg/symmetric_eigen.hpp"
#include "scaling/column_scale.hpp"

namespace kernad::subspace {
namespace {

constexpr double kRounding = 0x1p-24;        // of a float32 value, relative
constexpr double kDoubleRounding = 0x1p-53;  // of a double
constexpr double kSolver = 0x1p-40;          // of an axis: a smaller share of a row's length means nothing
constexpr double kMargin = 8;                // so many roundings still mean nothing

/// Sets mean, scale and largest, and returns which columns vary.
std::vector<std::size_t> fit_columns(const linalg::Rows<float>& rows, Subspace& subspace, std::span<const double> shift,
                                     int threads, const linalg::RowMoments* given) {
  linalg::ColumnMoments moments = given != nullptr ? given->columns : linalg::column_moments(rows, threads);
  subspace.scale = given != nullptr ? scaling::inverse_deviations(*given) : scaling::inverse_deviations(rows, threads);
  double table = *std::ranges::max_element(moments.largest);
  for (const double x : moments.mean) table = std::max(table, std::abs(x));
  std::vector<std::size_t> varying;
  for (std::size_t j = 0; j < moments.mean.size(); ++j) {
    if (moments.largest[j] != 0) {
      varying.push_back(j);
    } else {
      // A constant 0 has no rounding of its own; that of arithmetic among the other columns stands in for it.
      const double constant = std::abs(moments.mean[j] + (shift.empty() ? 0 : shift[j]));
      const double value = std::max(constant * kRounding, table * kDoubleRounding);
      subspace.scale[j] = 1 / std::max(value, 0x1p-149);
    }
  }
  subspace.mean = std::move(moments.mean);
  subspace.largest = std::move(moments.largest);
  return varying;
}

/// The eigenvectors without variance of the varying columns' correlation matrix.
Matrix<double> dependent_axes(const linalg::Rows<float>& rows, const Subspace& subspace,
                              std::vector<std::size_t> varying, int threads, const linalg::RowMoments* given) {
  const std::size_t columns = rows.cols();
  const std::vector<double> scatter = given != nullptr ? given->scatter : linalg::scatter(rows, subspace.mean, threads);
  // Columns that hardly vary by more than rounding are noise: no dependency on them can be recognised.
  std::erase_if(varying, [&](std::size_t j) {
    const double deviation = std::sqrt(scatter[j * columns + j] / rows.count());
    return deviation <= kMargin * kRounding * subspace.largest[j];
  });
  const std::size_t n = varying.size();
  if (n == 0) return {};
  linalg::ColumnMoments moments{std::vector<double>(n), std::vector<double>(n)};
  std::vector<double> matrix(n * n);
  for (std::size_t b = 0; b < n; ++b) {
    moments.largest[b] = subspace.largest[varying[b]] * subspace.scale[varying[b]];
    for (std::size_t a = 0; a <= b; ++a) {
      matrix[b * n + a] =
          scatter[varying[b] * columns + varying[a]] * subspace.scale[varying[a]] * subspace.scale[varying[b]];
    }
  }
  std::size_t rank = n;
  const auto eigen = linalg::symmetric_eigen(std::move(matrix), n, [&](std::span<const double> values) {
    const double longest = std::sqrt(std::max(0.0, values.front()));
    rank = linalg::numerical_rank(values, linalg::singular_value_tolerance(moments, rows.rows(), n, longest, true));
    return rank == n ? std::size_t{0} : n;
  });
  Matrix<double> axes(n - rank, columns);
  for (std::size_t i = 0; i < axes.rows(); ++i) {
    for (std::size_t a = 0; a < n; ++a) axes(i, varying[a]) = eigen.vectors(rank + i, a);
  }
  return axes;
}

/// The squares of both kinds of distance, in units of what rounding explains. Fills the scratch.
struct Squares {
  double constants = 0;
  double dependencies = 0;
  double unit = 0;  ///< of the second, in standard deviations
};

Squares measure(const Subspace& subspace, std::span<const float> row, Scratch& scratch) {
  const std::size_t columns = row.size();
  std::ranges::fill(scratch.outside, 0.0);
  Squares squares;
  double length = 0;
  double rounding = 0;
  const bool dependent = subspace.axes.rows() != 0;
  for (std::size_t j = 0; j < columns; ++j) {
    const bool constant = subspace.largest[j] == 0;
    if (!constant && !dependent) continue;
    const double centred = static_cast<double>(row[j]) - subspace.mean[j];
    const double z = centred * subspace.scale[j];
    scratch.standardised[j] = constant ? 0 : z;
    if (constant) {
      squares.constants += z * z;
      scratch.outside[j] = centred;
    } else {
      const double value = std::max(subspace.largest[j], std::abs(static_cast<double>(row[j]))) * subspace.scale[j];
      rounding += value * value;
      length += z * z;
    }
  }
  if (!dependent) return squares;
  squares.unit = std::max({subspace.noise, kRounding * std::sqrt(rounding), kSolver * std::sqrt(length)});
  double along = 0;
  for (std::size_t i = 0; i < subspace.axes.rows(); ++i) {
    const auto axis = subspace.axes.row(i);
    double dot = 0;
    for (std::size_t j = 0; j < columns; ++j) dot += axis[j] * scratch.standardised[j];
    along += dot * dot;
    for (std::size_t j = 0; j < columns; ++j) {
      if (axis[j] != 0) scratch.outside[j] += dot * axis[j] / subspace.scale[j];
    }
  }
  squares.dependencies = along / (squares.unit * squares.unit);
  return squares;
}

double distance_of(const Squares& squares) {
  const double distance = std::sqrt(squares.constants + squares.dependencies) / kMargin;
  return distance > 1 ? distance : 0;
}

}  // namespace

bool Subspace::empty() const {
  return axes.rows() == 0 && std::ranges::none_of(largest, [](double x) { return x == 0; });
}

bool shows_dependencies(std::size_t rows, std::size_t columns) { return rows >= 2 * (columns + 1); }

Subspace fit(const linalg::Rows<float>& rows, bool dependencies, std::span<const double> shift, int threads,
             const linalg::RowMoments* moments) {
  Subspace subspace;
  const auto varying = fit_columns(rows, subspace, shift, threads, moments);
  if (!dependencies || varying.empty()) return subspace;
  subspace.axes = dependent_axes(rows, subspace, varying, threads, moments);
  if (subspace.axes.rows() == 0) return subspace;
  Scratch scratch(rows.cols());
  double longest = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const Squares squares = measure(subspace, rows.row(i), scratch);
    longest = std::max(longest, std::sqrt(squares.dependencies) * squares.unit);
  }
  subspace.noise = longest;
  return subspace;
}

double distance(const Subspace& subspace, std::span<const float> row, Scratch& scratch) {
  return distance_of(measure(subspace, row, scratch));
}

Outside explain(const Subspace& subspace, std::span<const float> row) {
  Scratch scratch(row.size());
  const Squares squares = measure(subspace, row, scratch);
  Outside result{distance_of(squares), std::vector<double>(row.size()), std::vector<double>(row.size())};
  if (result.distance == 0) return result;
  const double whole = squares.constants + squares.dependencies;
  for (std::size_t j = 0; j < row.size(); ++j) {
    result.columns[j] = scratch.outside[j];
    if (result.columns[j] == 0) continue;
    const double z = result.columns[j] * subspace.scale[j] / (subspace.largest[j] == 0 ? 1 : squares.unit);
    result.shares[j] = z * z / whole;
  }
  return result;
}

}  // namespace kernad::subspace
