#include "scaling/scaling.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace kernad::scaling {
namespace {

/// Embeddings are float32, so lengths are at most about 1e38 sqrt(D), whose squares are far from overflow in double.
double length(std::span<const double> row) {
  double sum = 0;
  for (const double x : row) sum += x * x;
  return std::sqrt(sum);
}

}  // namespace

double longest_row(MatrixView<double> features) {
  double longest = 0;
  for (std::size_t i = 0; i < features.rows(); ++i) longest = std::max(longest, length(features.row(i)));
  return longest;
}

void scale_rows(FeatureScalingMethod method, double max_length, double* features, std::size_t rows, std::size_t cols,
                std::size_t stride) {
  for (std::size_t i = 0; i < rows; ++i) {
    double* row = features + i * stride;
    const double divisor = method == FeatureScalingMethod::scale ? max_length : length({row, cols});
    if (divisor == 0) continue;
    for (std::size_t j = 0; j < cols; ++j) row[j] /= divisor;
  }
}

}  // namespace kernad::scaling
