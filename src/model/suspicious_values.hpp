// Training values that are more likely glitches than measurements.
#pragma once

#include <vector>

#include "kernad/fit_report.hpp"
#include "linalg/rows.hpp"

namespace kernad::model {

/// Of each column with some spread, the values that lie beyond a gap: at least ten times as far from the median as the
/// value before them, where all but at most 1 % of the rows (at least one) are. row: counted among `rows`. Of clean
/// Gaussian columns none in practice; the farthest value of Student's t with 3 degrees of freedom is that far out once
/// in a thousand columns (10^-3, the ratio of its largest two order statistics).
[[nodiscard]] std::vector<SuspiciousValue> find_suspicious_values(const linalg::Rows<float>& rows, int threads);

/// The note of them: one sentence a value, of the first few.
void add_suspicious_notes(FitReport& report);

}  // namespace kernad::model
