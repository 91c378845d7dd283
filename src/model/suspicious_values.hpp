// Training values that are more likely glitches than measurements.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernad/fit_report.hpp"
#include "linalg/rows.hpp"

namespace kernad::model {

/// Of each column, the values that lie beyond a gap: at least ten times as far from the median as the value before
/// them, and farther than the tail of those before them explains. They are in at most 1 % of the rows (at least one),
/// or one or two values that repeat in at most 5 % of them, as saturated ones do. Where half of the rows agree, the
/// others show the spread. row: counted among `rows`. docs/calibration.md has how often clean columns have any.
[[nodiscard]] std::vector<SuspiciousValue> find_suspicious_values(const linalg::Rows<float>& rows, int threads);

/// Their rows, ascending, each once.
[[nodiscard]] std::vector<std::size_t> rows_of(const std::vector<SuspiciousValue>& values);

/// Adds what was subtracted from the columns; what that and float32 rounded off becomes the nearest short decimal
/// again. shift: D, or empty.
void add_shift(std::vector<SuspiciousValue>& values, const std::vector<double>& shift);

/// Replaces the notes on report.suspicious_values: one sentence per value, whichever rows have it, for the first few.
void note_suspicious_values(FitReport& report);
/// The same with the names of all columns, or of all rows given to the fit; without names nothing changes.
void name_suspicious_columns(FitReport& report, std::span<const std::string> names);
void name_suspicious_rows(FitReport& report, std::span<const std::string> names);
/// The same with the names of some rows, whose numbers ascend.
void name_suspicious_rows(FitReport& report, std::span<const std::string> names,
                          std::span<const std::uint64_t> numbers);

}  // namespace kernad::model
