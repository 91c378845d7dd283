// Bringing PCA features to a common length, in double.
#pragma once

#include <cstddef>

#include "kernad/feature_scaling_method.hpp"
#include "kernad/matrix.hpp"

namespace kernad::scaling {

/// Length of the longest row.
[[nodiscard]] double longest_row(MatrixView<double> features);

/// Scales `rows` rows of `cols` values that lie `stride` apart, in place: norm divides each by its own length (a row of
/// length zero stays zero), scale by max_length > 0.
void scale_rows(FeatureScalingMethod method, double max_length, double* features, std::size_t rows, std::size_t cols,
                std::size_t stride);

}  // namespace kernad::scaling
