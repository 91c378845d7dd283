#include "comparison/column_tests.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "parallel/parallel_for.hpp"

namespace kernad::comparison {
namespace {

constexpr double kMostDeviations = 65'536;

/// The regularised incomplete beta function I_x(a, b) for x < (a + 1) / (a + b + 2), by its continued fraction in the
/// form of Lentz (Abramowitz and Stegun 26.5.8).
double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  constexpr double kTiny = 1e-300;
  const auto away_from_zero = [](double y) { return std::abs(y) < kTiny ? kTiny : y; };
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int i = 1; i <= 1000; ++i) {
    const double m = i;
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    fraction *= c * d;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    fraction *= c * d;
    if (std::abs(c * d - 1) < 1e-15) break;
  }
  const double log_front = std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x);
  return std::exp(log_front) * fraction / a;
}

/// Within what Moments takes, as a whole number of its units.
std::int64_t units(double x) { return std::llround(std::clamp(x, -kMostDeviations, kMostDeviations) * 0x1p30); }

}  // namespace

double student_p_value(double t, double degrees) {
  const double square = t * t;
  if (std::isinf(square)) return 0;
  const double x = degrees / (degrees + square);
  const double a = degrees / 2;
  // The fraction converges on one side of the mean alone; the other side is its complement.
  if (x < (a + 1) / (a + 2.5)) return incomplete_beta(a, 0.5, x);
  return 1 - incomplete_beta(0.5, a, 1 - x);
}

std::vector<double> holm(const std::vector<double>& p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return p_values[i]; });
  std::vector<double> adjusted(p_values.size());
  double so_far = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    so_far = std::max(so_far, std::min(1.0, static_cast<double>(order.size() - k) * p_values[order[k]]));
    adjusted[order[k]] = so_far;
  }
  return adjusted;
}

void Moments::add(double x) {
  const std::int64_t whole = units(x);
  ++count_;
  sum_ += whole;
  squares_ += static_cast<Sum>(whole) * whole;
}

double Moments::mean() const { return static_cast<double>(sum_) * 0x1p-30 / static_cast<double>(count_); }

double Moments::variance() const {
  // n sum x^2 - (sum x)^2 would overflow; the sums themselves are exact, so little is lost.
  const auto n = static_cast<double>(count_);
  const double square = static_cast<double>(squares_) * 0x1p-60;
  return std::max(square - n * mean() * mean(), 0.0) / (n - 1);
}

ColumnTests::ColumnTests(KnownColumns known, int threads)
    : known_(std::move(known)),
      threads_(threads),
      kind_(known_.rows == 0 ? ColumnTest::none
                             : (known_.values.empty() ? ColumnTest::means : ColumnTest::distributions)),
      counts_(known_.mean.size()),
      moments_(known_.mean.size()) {
  // A constant column is known without its values.
  const std::vector<double> constant(std::min<std::size_t>(known_.rows, 1024));
  for (std::size_t d = 0; d < counts_.size(); ++d) {
    std::span<const double> values;
    if (kind_ == ColumnTest::distributions) values = known_.values.row(d);
    if (known_.deviation[d] == 0) values = constant;
    if (values.empty()) continue;
    std::vector<double> tolerance;
    for (const double value : values) tolerance.push_back(known_.tolerance(d, value));
    counts_[d].emplace(values, tolerance);
  }
  known_.values = {};
}

void ColumnTests::add(EmbeddingsView rows) {
  parallel::parallel_for(moments_.size(), threads_, [&](std::size_t d, std::size_t) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const double value = static_cast<double>(rows.row(i)[d]) - known_.mean[d];
      if (counts_[d]) counts_[d]->add(value);
      if (known_.deviation[d] > 0) moments_[d].add(value / known_.deviation[d]);
    }
  });
}

ColumnDifference ColumnTests::result(std::size_t column) const {
  ColumnDifference difference;
  difference.column = column;
  const Moments& moments = moments_[column];
  if (moments.count() > 0) difference.shift = moments.mean();
  if (counts_[column]) {
    const Distance distance = counts_[column]->two_sided().distance;
    difference.distance = distance.value();
    difference.p_value = p_value(distance, Sides::two);
  } else if (moments.count() > 1) {
    const auto n = static_cast<double>(moments.count());
    const double error = std::sqrt(std::max(moments.variance(), 1.0) * (1 / n + 1 / static_cast<double>(known_.rows)));
    difference.p_value = student_p_value(moments.mean() / error, n - 1);
  }
  return difference;
}

std::vector<ColumnDifference> ColumnTests::results() const {
  std::vector<ColumnDifference> results(kind_ == ColumnTest::none ? 0 : moments_.size());
  parallel::parallel_for(results.size(), threads_, [&](std::size_t d, std::size_t) { results[d] = result(d); });
  std::vector<double> p_values(results.size());
  std::ranges::transform(results, p_values.begin(), &ColumnDifference::p_value);
  const auto adjusted = holm(p_values);
  for (std::size_t d = 0; d < results.size(); ++d) results[d].adjusted_p_value = adjusted[d];
  return results;
}

}  // namespace kernad::comparison
