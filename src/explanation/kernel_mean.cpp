#include "explanation/kernel_mean.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace kernad::explanation {
namespace {

double squared_distance(std::span<const double> query, std::span<const double> reference) {
  double sum = 0;
  for (std::size_t j = 0; j < query.size(); ++j) {
    const double difference = query[j] - reference[j];
    sum += difference * difference;
  }
  return sum;
}

/// One whitened training row at a time, so that the references are never copied as a whole.
class RowReader {
 public:
  explicit RowReader(const kde::ReferenceSet& references)
      : references_(references), row_(references.packed.dimension), rounded_(references.packed.dimension) {}

  /// Valid until the next call.
  std::span<const double> operator()(std::size_t i) {
    if (!references_.exact.empty()) return references_.exact.row(i);
    kernels::unpack_reference(references_.packed, references_.slot_of_row[i], rounded_.data());
    std::ranges::copy(rounded_, row_.begin());
    return row_;
  }

 private:
  const kde::ReferenceSet& references_;
  std::vector<double> row_;
  std::vector<float> rounded_;
};

/// The log of each kernel value relative to that of a pivot c, (r_i - c).(q - (r_i + c) / 2). That is |q - c|^2 / 2 -
/// |q - r_i|^2 / 2 without its cancellation, which would make all references equal to a far query.
std::vector<double> log_kernels(std::span<const double> query, const kde::ReferenceSet& references) {
  RowReader row(references);
  std::vector<double> pivot;
  double smallest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < references.rows; ++i) {
    const auto reference = row(i);
    const double distance = squared_distance(query, reference);
    if (i == 0 || distance < smallest) {
      smallest = distance;
      pivot.assign(reference.begin(), reference.end());
    }
  }
  std::vector<double> result(references.rows);
  for (std::size_t i = 0; i < references.rows; ++i) {
    const auto reference = row(i);
    for (std::size_t j = 0; j < query.size(); ++j) {
      const double here = reference[j];
      const double there = pivot[j];
      result[i] += (here - there) * (query[j] - (here + there) / 2);
    }
  }
  return result;
}

/// The log of each kernel value if every reference has a width of its own: -|q - r_i|^2 / (2 h_i^2) - k log h_i.
std::vector<double> log_adaptive_kernels(std::span<const double> query, const kde::ReferenceSet& references) {
  RowReader row(references);
  std::vector<double> result(references.rows);
  for (std::size_t i = 0; i < references.rows; ++i) {
    const double width = references.adaptive.factors[i];
    result[i] = -0.5 * squared_distance(query, row(i)) / (width * width) -
                static_cast<double>(references.adaptive.dimension) * std::log(width);
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

KernelMean kernel_mean(std::span<const double> query, const kde::ReferenceSet& references, std::size_t count) {
  const bool alike = references.adaptive.factors.empty();
  auto exponents = alike ? log_kernels(query, references) : log_adaptive_kernels(query, references);
  const auto kernels = exponents;
  for (std::size_t i = 0; i < references.weights.size(); ++i) exponents[i] += std::log(references.weights[i]);
  const auto weights = softmax(exponents);
  RowReader row(references);
  KernelMean result;
  result.deviation.resize(query.size());
  for (std::size_t i = 0; i < references.rows; ++i) {
    const auto reference = row(i);
    for (std::size_t j = 0; j < query.size(); ++j) {
      result.deviation[j] += weights[i] * (query[j] - reference[j]);
    }
  }

  std::vector<std::size_t> order(references.rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  count = std::min(count, order.size());
  std::partial_sort(
      order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
      [&](std::size_t a, std::size_t b) { return kernels[a] != kernels[b] ? kernels[a] > kernels[b] : a < b; });
  for (const std::size_t i : std::span(order).first(count)) {
    const double bandwidth = alike ? 1 : references.adaptive.factors[i];
    result.nearest.push_back({i, std::sqrt(squared_distance(query, row(i))) / bandwidth, weights[i]});
  }
  return result;
}

}  // namespace kernad::explanation
