#include "model/suspicious_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "parallel/parallel_for.hpp"

namespace kernad::model {
namespace {

constexpr std::size_t kMinRows = 10;
constexpr double kGap = 10;
constexpr std::size_t kNotes = 5;

struct Deviation {
  double size;  ///< |value - median|
  std::size_t row;

  friend bool operator<(const Deviation& a, const Deviation& b) {
    return std::pair(a.size, a.row) < std::pair(b.size, b.row);
  }
};

std::size_t most_suspects(std::size_t rows) { return std::max<std::size_t>(1, rows / 100); }

/// Whether any value can lie beyond a gap: if m of N values are ten times as far out as the others, the largest of them
/// is at least min(sqrt(N / m), 9) / 2 standard deviations.
std::vector<std::size_t> candidates(const linalg::Rows<float>& rows, int threads) {
  const auto n = static_cast<double>(rows.rows());
  const double limit = std::min(std::sqrt(n / static_cast<double>(most_suspects(rows.rows()))), 9.0) / 2;
  std::vector<double> mean(rows.cols());
  std::vector<double> squares(rows.cols());
  std::vector<double> largest(rows.cols());
  constexpr std::size_t kColumns = 64;  // a block of a row is a few cache lines
  parallel::parallel_for((rows.cols() + kColumns - 1) / kColumns, threads, [&](std::size_t block, std::size_t) {
    const std::size_t begin = block * kColumns;
    const std::size_t end = std::min(rows.cols(), begin + kColumns);
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      for (std::size_t j = begin; j < end; ++j) mean[j] += static_cast<double>(rows.row(i)[j]) / n;
    }
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      for (std::size_t j = begin; j < end; ++j) {
        const double x = static_cast<double>(rows.row(i)[j]) - mean[j];
        squares[j] += x * x;
        largest[j] = std::max(largest[j], std::abs(x));
      }
    }
  });
  std::vector<std::size_t> result;
  for (std::size_t j = 0; j < rows.cols(); ++j) {
    if (largest[j] > limit * std::sqrt(squares[j] / n)) result.push_back(j);
  }
  return result;
}

/// The median of values in any order.
double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void add_suspicious(const linalg::Rows<float>& rows, std::size_t column, std::vector<SuspiciousValue>& result) {
  const std::size_t n = rows.rows();
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = rows.row(i)[column];
  const double centre = median(values);
  std::vector<Deviation> deviations(n);
  std::vector<double> sizes(n);
  for (std::size_t i = 0; i < n; ++i) {
    sizes[i] = std::abs(values[i] - centre);
    deviations[i] = {sizes[i], i};
  }
  if (median(std::move(sizes)) == 0) return;  // half of the rows are equal: a column of codes or of rare events
  const auto top = deviations.begin() + static_cast<std::ptrdiff_t>(n - most_suspects(n) - 1);
  std::nth_element(deviations.begin(), top, deviations.end());
  std::sort(top, deviations.end());
  const auto last_good = std::adjacent_find(
      top, deviations.end(), [](const Deviation& a, const Deviation& b) { return b.size >= kGap * a.size; });
  if (last_good == deviations.end()) return;
  double low = centre;
  double high = centre;
  for (auto good = deviations.begin(); good <= last_good; ++good) {
    low = std::min(low, values[good->row]);
    high = std::max(high, values[good->row]);
  }
  std::sort(last_good + 1, deviations.end(), [](const Deviation& a, const Deviation& b) { return a.row < b.row; });
  for (auto bad = last_good + 1; bad != deviations.end(); ++bad) {
    result.push_back({bad->row, column, values[bad->row], low, high, {}, {}});
  }
}

/// The shortest text of a float32 value; for a shifted column, ten digits, which distinguish time stamps.
std::string number_text(double value) {
  const auto rounded = static_cast<float>(value);
  return static_cast<double>(rounded) == value ? fmt::format("{}", rounded) : fmt::format("{:.10g}", value);
}

}  // namespace

std::vector<SuspiciousValue> find_suspicious_values(const linalg::Rows<float>& rows, int threads) {
  std::vector<SuspiciousValue> result;
  if (rows.rows() < kMinRows) return result;
  for (const std::size_t column : candidates(rows, threads)) add_suspicious(rows, column, result);
  return result;
}

std::vector<std::size_t> rows_of(const std::vector<SuspiciousValue>& values) {
  std::vector<std::size_t> rows(values.size());
  std::ranges::transform(values, rows.begin(), &SuspiciousValue::row);
  std::ranges::sort(rows);
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

void note_suspicious_values(FitReport& report) {
  std::erase_if(report.notes, [](const Note& note) { return note.code == NoteCode::suspicious_value; });
  const auto& values = report.suspicious_values;
  for (const SuspiciousValue& value : std::span(values).first(std::min(values.size(), kNotes))) {
    report.notes.push_back(
        {NoteCode::suspicious_value,
         fmt::format("row {}, column {} is {}, while the others of that column lie from {} to {}{}",
                     value.row_name.empty() ? fmt::format("{}", value.row) : value.row_name,
                     value.column_name.empty() ? fmt::format("{}", value.column) : '\'' + value.column_name + '\'',
                     number_text(value.value), number_text(value.low), number_text(value.high),
                     !report.rows_left_out.empty() ? "; the row is left out"
                                                   : "; if it is no measurement, fit without the row")});
  }
  if (values.size() > kNotes) {
    report.notes.push_back(
        {NoteCode::suspicious_value, fmt::format("{} more values lie as far from all others", values.size() - kNotes)});
  }
}

void name_suspicious_columns(FitReport& report, std::span<const std::string> names) {
  if (names.empty() || report.suspicious_values.empty()) return;
  for (SuspiciousValue& value : report.suspicious_values) value.column_name = names[value.column];
  note_suspicious_values(report);
}

void name_suspicious_rows(FitReport& report, std::span<const std::string> names) {
  if (names.empty() || report.suspicious_values.empty()) return;
  for (SuspiciousValue& value : report.suspicious_values) value.row_name = names[value.row];
  note_suspicious_values(report);
}

}  // namespace kernad::model
