// Training values that are more likely glitches than measurements.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernad/fit_report.hpp"
#include "linalg/rows.hpp"

namespace kernad::model {

/// In each column with some spread, the values beyond a gap: at least ten times as far from the median as the value
/// before them, and at most 1 % of the rows (or one). row: its number in `rows`. Clean Gaussian columns have none in
/// practice; the farthest value of Student's t with 3 degrees of freedom is that far out once in a thousand columns
/// (10^-3, the ratio of its largest two order statistics).
[[nodiscard]] std::vector<SuspiciousValue> find_suspicious_values(const linalg::Rows<float>& rows, int threads);

/// Their rows, ascending, each once.
[[nodiscard]] std::vector<std::size_t> rows_of(const std::vector<SuspiciousValue>& values);

/// The notes of report.suspicious_values, in place of those that are there: one sentence a value, of the first few.
void note_suspicious_values(FitReport& report);
/// The same with the names of all columns, or of all rows given to the fit; without names nothing changes.
void name_suspicious_columns(FitReport& report, std::span<const std::string> names);
void name_suspicious_rows(FitReport& report, std::span<const std::string> names);

}  // namespace kernad::model
