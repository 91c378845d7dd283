#include "kde/kernel_covariance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <type_traits>

#include "kde/shrinkage.hpp"
#include "kernad/error.hpp"
#include "linalg/moments.hpp"
#include "linalg/rank.hpp"
#include "linalg/symmetric_eigen.hpp"

namespace kernad::kde {
namespace {

/// Sums of |x - mean|^2 and |x - mean|^4.
struct Lengths {
  double squares = 0;
  double fourth_powers = 0;
};

template <typename T>
Lengths lengths_around(const linalg::Rows<T>& rows, std::span<const double> mean) {
  Lengths lengths;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    double square = 0;
    for (std::size_t j = 0; j < row.size(); ++j) {
      const double difference = static_cast<double>(row[j]) - mean[j];
      square += difference * difference;
    }
    lengths.squares += rows.weight(i) * square;
    lengths.fourth_powers += rows.weight(i) * square * square;
  }
  return lengths;
}

template <typename T>
double tolerance(const linalg::Rows<T>& rows, const linalg::ColumnMoments& moments, double largest_eigenvalue) {
  return linalg::singular_value_tolerance(moments, rows.rows(), rows.cols(),
                                          std::sqrt(std::max(0.0, largest_eigenvalue)), std::is_same_v<T, float>);
}

[[noreturn]] void throw_identical(std::size_t rows) {
  throw InvalidInput(
      fmt::format("all {} rows of features are identical (up to rounding); there is no density to learn", rows));
}

/// mu I needs no eigenvectors: any axes serve.
template <typename T>
KernelCovariance isotropic(const linalg::Rows<T>& rows, const linalg::ColumnMoments& moments, std::size_t dimension) {
  const double squares = lengths_around(rows, moments.mean).squares;
  const double limit = tolerance(rows, moments, squares);
  if (!(squares > limit * limit)) throw_identical(rows.rows());
  KernelCovariance result;
  result.shrinkage = 1;
  result.floor = squares / static_cast<double>(dimension) / (rows.count() - 1);
  result.variances.assign(rows.cols(), result.floor);
  result.directions = Matrix<double>(rows.cols(), rows.cols());
  for (std::size_t j = 0; j < rows.cols(); ++j) result.directions(j, j) = 1;
  return result;
}

template <typename T>
KernelCovariance shrunk(const linalg::Rows<T>& rows, const linalg::ColumnMoments& moments, Covariance covariance,
                        std::size_t dimension, int threads) {
  const std::size_t n = rows.cols();
  const double divisor = rows.count() - 1;
  KernelCovariance result;
  const auto choose = [&](std::span<const double> values) -> std::size_t {
    const double limit = tolerance(rows, moments, values.front());
    if (linalg::numerical_rank(values, limit) == 0) throw_identical(rows.rows());
    const double fourth = covariance == Covariance::full ? 0 : lengths_around(rows, moments.mean).fourth_powers;
    const double a = shrinkage(covariance, {values, fourth, rows.count(), dimension});
    const double target =
        a * std::max(0.0, std::accumulate(values.begin(), values.end(), 0.0)) / static_cast<double>(dimension);
    std::vector<double> mixed(values.size());
    std::transform(values.begin(), values.end(), mixed.begin(), [&](double value) { return (1 - a) * value + target; });
    const std::size_t rank = linalg::numerical_rank(mixed, limit);
    for (std::size_t j = 0; j < rank; ++j) result.variances.push_back(mixed[j] / divisor);
    result.floor = target > limit * limit ? target / divisor : 0;
    result.shrinkage = a;
    return rank;
  };
  result.directions = linalg::symmetric_eigen(linalg::scatter(rows, moments.mean, threads), n, choose).vectors;
  linalg::fix_signs(result.directions);
  return result;
}

}  // namespace

template <typename T>
KernelCovariance kernel_covariance(const linalg::Rows<T>& rows, Covariance covariance, std::size_t dimension,
                                   int threads) {
  linalg::ColumnMoments moments = linalg::column_moments(rows, threads);
  KernelCovariance result = covariance == Covariance::isotropic ? isotropic(rows, moments, dimension)
                                                                : shrunk(rows, moments, covariance, dimension, threads);
  result.mean = std::move(moments.mean);
  if (dimension == rows.cols()) result.floor = 0;
  return result;
}

template KernelCovariance kernel_covariance(const linalg::Rows<float>&, Covariance, std::size_t, int);
template KernelCovariance kernel_covariance(const linalg::Rows<double>&, Covariance, std::size_t, int);

}  // namespace kernad::kde
