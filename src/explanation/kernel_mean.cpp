#include "explanation/kernel_mean.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kernad::explanation {
namespace {

double squared_distance(std::span<const double> query, std::span<const float> reference) {
  double sum = 0;
  for (std::size_t j = 0; j < query.size(); ++j) {
    const double difference = query[j] - double{reference[j]};
    sum += difference * difference;
  }
  return sum;
}

/// The log of each kernel value over that of a pivot c, (r_i - c).(q - (r_i + c) / 2). That is |q - c|^2 / 2 -
/// |q - r_i|^2 / 2 without its cancellation, which would make all references equal to a far query.
std::vector<double> log_kernels(std::span<const double> query, MatrixView<float> references) {
  std::size_t pivot = 0;
  double smallest = squared_distance(query, references.row(0));
  for (std::size_t i = 1; i < references.rows(); ++i) {
    const double distance = squared_distance(query, references.row(i));
    if (distance < smallest) {
      smallest = distance;
      pivot = i;
    }
  }
  const auto c = references.row(pivot);
  std::vector<double> result(references.rows());
  for (std::size_t i = 0; i < references.rows(); ++i) {
    const auto r = references.row(i);
    for (std::size_t j = 0; j < query.size(); ++j) {
      const double here = r[j];
      const double there = c[j];
      result[i] += (here - there) * (query[j] - (here + there) / 2);
    }
  }
  return result;
}

/// The log of each kernel value where every reference has a width of its own: -|q - r_i|^2 / (2 h_i^2) - k log h_i.
std::vector<double> log_adaptive_kernels(std::span<const double> query, MatrixView<float> references,
                                         const kde::AdaptiveBandwidth& adaptive) {
  std::vector<double> result(references.rows());
  for (std::size_t i = 0; i < references.rows(); ++i) {
    const double width = adaptive.factors[i];
    result[i] = -0.5 * squared_distance(query, references.row(i)) / (width * width) -
                static_cast<double>(adaptive.dimension) * std::log(width);
  }
  return result;
}

std::vector<double> softmax(const std::vector<double>& exponents) {
  const double largest = *std::max_element(exponents.begin(), exponents.end());
  std::vector<double> weights(exponents.size());
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = std::exp(exponents[i] - largest);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  return weights;
}

}  // namespace

KernelMean kernel_mean(std::span<const double> query, MatrixView<float> references,
                       const kde::AdaptiveBandwidth& adaptive, std::size_t count) {
  const bool alike = adaptive.factors.empty();
  const auto exponents = alike ? log_kernels(query, references) : log_adaptive_kernels(query, references, adaptive);
  const auto weights = softmax(exponents);
  KernelMean result;
  result.deviation.resize(query.size());
  for (std::size_t i = 0; i < references.rows(); ++i) {
    const auto reference = references.row(i);
    for (std::size_t j = 0; j < query.size(); ++j) {
      result.deviation[j] += weights[i] * (query[j] - double{reference[j]});
    }
  }

  std::vector<std::size_t> order(references.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  count = std::min(count, order.size());
  std::partial_sort(
      order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
      [&](std::size_t a, std::size_t b) { return exponents[a] != exponents[b] ? exponents[a] > exponents[b] : a < b; });
  for (const std::size_t row : std::span(order).first(count)) {
    const double bandwidth = alike ? 1 : adaptive.factors[row];
    result.nearest.push_back({row, std::sqrt(squared_distance(query, references.row(row))) / bandwidth, weights[row]});
  }
  return result;
}

}  // namespace kernad::explanation
