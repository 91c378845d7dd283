#include "model/suspicious_values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "linalg/spread.hpp"

namespace kernad::model {
namespace {

constexpr std::size_t kMinRows = 10;
constexpr double kGap = 10;
constexpr double kTailGap = 8;           // in mean log excesses of the tail before the gap
constexpr std::size_t kDistinct = 20;    // so many values make a column of measurements, not one of codes
constexpr std::size_t kSaturations = 2;  // the two ends of a range
constexpr std::size_t kNamedRows = 5;    // of a value that several rows have
constexpr std::size_t kNotes = 5;

struct Deviation {
  double size;  ///< |value - median|
  std::size_t row;

  friend bool operator<(const Deviation& a, const Deviation& b) {
    return std::pair(a.size, a.row) < std::pair(b.size, b.row);
  }
};

/// So many rows may have any suspicious value,
std::size_t most_suspects(std::size_t rows) { return std::max<std::size_t>(1, rows / 100); }
/// and so many one that repeats.
std::size_t most_repeated(std::size_t rows) { return std::max(most_suspects(rows), rows / 20); }

/// Whether any value can lie beyond a gap. If a share p of the values is B >= 10 or more from the median where the
/// others are within 1, the largest is (1 - p) (B - 1) / sqrt(p B^2 + 1) standard deviations or more from the mean: 6
/// up to p = 1.2 %, 3.4 up to 5 %, where the fourth moment is more than 12 squares of the second.
bool may_have_gap(const linalg::Spread& column, double rows) {
  constexpr double kFew = 6;
  constexpr double kMany = 3.4;
  constexpr double kFourth = 8;
  const double p = std::max(1 / rows, 0.01);
  const double few = std::min(kFew, (1 - p) * (kGap - 1) / std::sqrt(p * kGap * kGap + 1));
  const double deviation = std::sqrt(column.variance);
  if (column.largest > few * deviation) return true;
  return column.largest > kMany * deviation && column.fourth > kFourth * column.variance * column.variance;
}

std::vector<std::size_t> candidates(const linalg::Rows<float>& rows, int threads) {
  const auto columns = linalg::spreads(rows, threads);
  std::vector<std::size_t> result;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    if (may_have_gap(columns[j], static_cast<double>(rows.rows()))) result.push_back(j);
  }
  return result;
}

/// The median of values in any order.
double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The values of a column by their distance from its median.
struct Column {
  std::vector<double> values;
  std::vector<Deviation> deviations;  ///< ascending once they are sorted
  double centre = 0;
  std::size_t at_centre = 0;  ///< rows that have the median itself

  Column(const linalg::Rows<float>& rows, std::size_t column) : values(rows.rows()), deviations(rows.rows()) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = rows.row(i)[column];
    centre = median(values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      deviations[i] = {std::abs(values[i] - centre), i};
      at_centre += deviations[i].size == 0 ? 1 : 0;
    }
  }

  /// Sorts the deviations, unless even the largest is too near to those that no gap can be before.
  bool sort(std::size_t before) {
    const auto last = deviations.begin() + static_cast<std::ptrdiff_t>(before);
    std::nth_element(deviations.begin(), last, deviations.end());
    if (std::max_element(last, deviations.end())->size < kGap * last->size) return false;
    std::sort(deviations.begin(), deviations.end());
    return true;
  }

  /// The values of so many deviations from the begin-th on, ascending.
  [[nodiscard]] std::vector<double> sorted(std::size_t begin, std::size_t count) const {
    std::vector<double> result(count);
    for (std::size_t i = 0; i < count; ++i) result[i] = values[deviations[begin + i].row];
    std::ranges::sort(result);
    return result;
  }
};

/// Whether the first `good` deviations show how far values of the column go: where half of the rows agree, those that
/// do not agree have to be enough, or it is a column of codes or of rare events.
bool shows_spread(const Column& column, std::size_t good) {
  const std::size_t rows = column.values.size();
  const std::size_t others = good - std::min(good, column.at_centre);
  if (2 * column.at_centre <= rows) return others != 0;
  return others >= std::max(kMinRows, rows / 20);
}

/// Whether the gap behind the first `good` deviations is larger than a heavy tail makes it: of a Pareto tail, its
/// logarithm is exponential with the mean that the log excesses of the farthest tenth have (Hill 1975).
bool is_gap(const Column& column, std::size_t good) {
  const auto& by_size = column.deviations;
  const double last = by_size[good - 1].size;
  if (last == 0 || by_size[good].size < kGap * last || !shows_spread(column, good)) return false;
  const std::size_t tenth = std::max<std::size_t>(2, (good - column.at_centre) / 10);
  if (good <= tenth || by_size[good - 1 - tenth].size == 0) return true;
  double excess = 0;
  for (std::size_t i = good - tenth; i < good; ++i)
    excess += std::log(by_size[i].size / by_size[good - 1 - tenth].size);
  return std::log(by_size[good].size / last) >= kTailGap * excess / static_cast<double>(tenth);
}

/// Whether the values behind the first `good` deviations are one or two that repeat, as a saturated sensor or a code
/// for "missing" does and a cluster does not, in a column of measurements.
bool are_repeated(const Column& column, std::size_t good) {
  const auto bad = column.sorted(good, column.values.size() - good);
  const auto rest = column.sorted(0, good);
  std::size_t distinct = 1;
  for (std::size_t i = 1; i < rest.size(); ++i) distinct += rest[i] != rest[i - 1] ? 1 : 0;
  if (distinct < kDistinct) return false;
  const bool all_differ = distinct + std::max<std::size_t>(1, column.at_centre) == good + 1;
  const std::size_t least = all_differ ? 2 : 3;  // two rows of a cluster may agree where values are rounded
  std::size_t values = 0;
  for (std::size_t i = 0, next = 0; i < bad.size(); i = next) {
    while (next < bad.size() && bad[next] == bad[i]) ++next;
    if (++values > kSaturations || next - i < least) return false;
  }
  return true;
}

void add_suspicious(const linalg::Rows<float>& rows, std::size_t index, std::vector<SuspiciousValue>& result) {
  const std::size_t n = rows.rows();
  Column column(rows, index);
  std::size_t good = n - most_repeated(n);
  if (!shows_spread(column, n) || !column.sort(good - 1)) return;
  while (good < n && !(is_gap(column, good) && (n - good <= most_suspects(n) || are_repeated(column, good)))) ++good;
  if (good == n) return;
  const auto rest = column.sorted(0, good);
  auto& bad = column.deviations;
  bad.erase(bad.begin(), bad.begin() + static_cast<std::ptrdiff_t>(good));
  std::ranges::sort(bad, {}, &Deviation::row);
  for (const auto& [size, row] : bad) {
    result.push_back({row, index, column.values[row], rest.front(), rest.back(), {}, {}});
  }
}

std::string number_text(double value) {
  const auto rounded = static_cast<float>(value);
  return static_cast<double>(rounded) == value ? fmt::format("{}", rounded) : fmt::format("{}", value);
}

/// The decimal number of fewest digits that is no farther from the value than that.
double shortest_within(double value, double tolerance) {
  if (std::abs(value) <= tolerance) return 0;
  constexpr int kDigits = 17;
  for (int digits = 0; digits < kDigits; ++digits) {
    const std::string text = fmt::format("{:.{}e}", value, digits);
    double shorter = 0;
    std::from_chars(text.data(), text.data() + text.size(), shorter);
    if (std::abs(shorter - value) <= tolerance) return shorter;
  }
  return value;
}

/// Values of a column that are the same in several rows are one group.
struct Group {
  const SuspiciousValue* first;
  std::vector<std::string> rows;
};

std::vector<Group> grouped(const std::vector<SuspiciousValue>& values) {
  std::vector<Group> groups;
  for (const SuspiciousValue& value : values) {
    const auto same = std::ranges::find_if(groups, [&](const Group& group) {
      return group.first->column == value.column && group.first->value == value.value;
    });
    Group& group = same == groups.end() ? groups.emplace_back(Group{&value, {}}) : *same;
    group.rows.push_back(value.row_name.empty() ? fmt::format("{}", value.row) : value.row_name);
  }
  return groups;
}

std::string text_of(const Group& group, bool left_out) {
  const SuspiciousValue& value = *group.first;
  const auto column = value.column_name.empty() ? fmt::format("{}", value.column) : '\'' + value.column_name + '\'';
  const auto range =
      fmt::format("while the others of that column lie from {} to {}", number_text(value.low), number_text(value.high));
  const auto& rows = group.rows;
  if (rows.size() == 1) {
    return fmt::format("row {}, column {} is {}, {}{}", rows.front(), column, number_text(value.value), range,
                       left_out ? "; the row is left out" : "; if it is no measurement, fit without the row");
  }
  const std::span named(rows.data(), std::min(rows.size(), kNamedRows));
  return fmt::format("column {} is {} in {} rows ({}{}), {}{}", column, number_text(value.value), rows.size(),
                     fmt::join(named, ", "), rows.size() > kNamedRows ? ", ..." : "", range,
                     left_out ? "; the rows are left out" : "; if it is no measurement, fit without the rows");
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

void add_shift(std::vector<SuspiciousValue>& values, const std::vector<double>& shift) {
  if (shift.empty()) return;
  for (SuspiciousValue& value : values) {
    const double moved_by = shift[value.column];
    if (moved_by == 0) continue;
    for (double* number : {&value.value, &value.low, &value.high}) {
      const double rounding = std::abs(*number) * 0x1p-24 + (std::abs(*number) + std::abs(moved_by)) * 0x1p-52;
      *number = shortest_within(*number + moved_by, rounding);
    }
  }
}

void note_suspicious_values(FitReport& report) {
  std::erase_if(report.notes, [](const Note& note) { return note.code == NoteCode::suspicious_value; });
  const auto groups = grouped(report.suspicious_values);
  std::size_t values = report.suspicious_values.size();
  for (const Group& group : std::span(groups).first(std::min(groups.size(), kNotes))) {
    report.notes.push_back({NoteCode::suspicious_value, text_of(group, !report.rows_left_out.empty())});
    values -= group.rows.size();
  }
  if (values != 0) {
    report.notes.push_back(
        {NoteCode::suspicious_value, fmt::format("{} more values lie as far from all others", values)});
  }
}

void name_suspicious_columns(FitReport& report, std::span<const std::string> names) {
  if (names.empty() || report.suspicious_values.empty()) return;
  for (SuspiciousValue& value : report.suspicious_values) value.column_name = names[value.column];
  note_suspicious_values(report);
}

void name_suspicious_rows(FitReport& report, std::span<const std::string> names,
                          std::span<const std::uint64_t> numbers) {
  if (names.empty() || report.suspicious_values.empty()) return;
  for (SuspiciousValue& value : report.suspicious_values) {
    const auto place = std::ranges::lower_bound(numbers, value.row) - numbers.begin();
    value.row_name = names[static_cast<std::size_t>(place)];
  }
  // Copies of a row that result from its weight are one value.
  auto& values = report.suspicious_values;
  const auto same = [](const SuspiciousValue& a, const SuspiciousValue& b) {
    return a.column == b.column && a.value == b.value && a.row_name == b.row_name;
  };
  values.erase(std::unique(values.begin(), values.end(), same), values.end());
  note_suspicious_values(report);
}

void name_suspicious_rows(FitReport& report, std::span<const std::string> names) {
  if (names.empty() || report.suspicious_values.empty()) return;
  for (SuspiciousValue& value : report.suspicious_values) value.row_name = names[value.row];
  note_suspicious_values(report);
}

}  // namespace kernad::model
