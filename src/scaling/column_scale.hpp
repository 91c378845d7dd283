// Standardised columns: what each column is multiplied by so that its standard deviation is 1.
#pragma once

#include <vector>

#include "linalg/rows.hpp"

namespace kernad::scaling {

/// 1 / (standard deviation, divisor N) of each of the D columns; 1 where a column does not vary by more than its
/// values' rounding to float32. rows: at least one, finite.
[[nodiscard]] std::vector<double> inverse_deviations(const linalg::Rows<float>& rows, int threads);

}  // namespace kernad::scaling
