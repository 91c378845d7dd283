#include "kde/double_sum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kernad::kde {

DoubleSum::DoubleSum(const ReferenceSet& references) : references_(references), exponents_(references.rows) {
  for (const double h : references.adaptive.factors) {
    log_weights_.push_back(-static_cast<double>(references.adaptive.dimension) * std::log(h));
  }
  for (const double weight : references.weights) log_weights_.push_back(std::log(weight));
}

double DoubleSum::operator()(const double* query) {
  const auto& [factors, dimension] = references_.adaptive;
  double largest = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < exponents_.size(); ++i) {
    const auto reference = references_.exact.row(i);
    double square = 0;
    for (std::size_t j = 0; j < reference.size(); ++j) {
      const double difference = query[j] - reference[j];
      square += difference * difference;
    }
    exponents_[i] = -0.5 * square;
    if (!factors.empty()) exponents_[i] /= factors[i] * factors[i];
    if (!log_weights_.empty()) exponents_[i] += log_weights_[i];
    largest = std::max(largest, exponents_[i]);
  }
  double sum = 0;
  for (const double exponent : exponents_) sum += std::exp(exponent - largest);
  return largest + std::log(sum);
}

}  // namespace kernad::kde
