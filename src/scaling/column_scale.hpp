// Standardised columns: the factor of each column that makes its standard deviation 1.
#pragma once

#include <vector>

#include "linalg/exact_moments.hpp"
#include "linalg/rows.hpp"

namespace kernad::scaling {

/// 1 / (standard deviation, divisor N) of each of the D columns; 1 for a column that varies by no more than the
/// rounding of its values to float32. rows: at least one, finite.
[[nodiscard]] std::vector<double> inverse_deviations(const linalg::Rows<float>& rows, int threads);
/// The same from moments.
[[nodiscard]] std::vector<double> inverse_deviations(const linalg::RowMoments& moments);

}  // namespace kernad::scaling
