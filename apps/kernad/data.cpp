#include "data.hpp"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <functional>
#include <iterator>
#include <numeric>
#include <system_error>
#include <utility>

#include "options.hpp"

namespace kernad::cli {
namespace {

/// Checked here and not by the classifier, because only here the row's number in the file and the column's name are
/// known.
[[noreturn]] void refuse(const kernad::Table& table, const Sources& sources, std::size_t first, std::size_t row,
                         std::size_t column) {
  const std::string name = column < table.column_names.size() ? fmt::format(" ('{}')", table.column_names[column]) : "";
  const float value = table.features(row, column);
  throw InvalidInput(fmt::format("{}: row {}, column {}{} is {}; every value must be finite{}", name_of(sources),
                                 first + row, column, name, value,
                                 std::isnan(value) ? ", or missing values have to be allowed (missing: skip)" : ""));
}

/// Whether no value is NaN or infinity. Bits rather than std::isfinite, which compilers do not vectorise: adding to an
/// exponent of ones carries into the sign.
bool all_finite(std::span<const float> values) {
  constexpr std::size_t kLanes = 16;
  constexpr std::uint32_t kExponent = 0x7f80'0000;
  constexpr std::uint32_t kLowestExponent = 0x0080'0000;
  std::array<std::uint32_t, kLanes> carries = {};
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      carries[k] |= (std::bit_cast<std::uint32_t>(values[i + k]) & kExponent) + kLowestExponent;
    }
  }
  const std::uint32_t carried = std::accumulate(carries.begin(), carries.end(), std::uint32_t{0}, std::bit_or<>());
  return (carried >> 31) == 0 && std::all_of(values.begin() + static_cast<std::ptrdiff_t>(i), values.end(),
                                             [](float value) { return std::isfinite(value); });
}

/// The numbers of the rows without a missing value or label.
std::vector<std::size_t> numbers_of_complete(const kernad::Table& table, const std::vector<std::uint8_t>& labels,
                                             const Sources& sources, std::size_t first, bool skip_missing) {
  std::vector<std::size_t> complete(table.features.rows());
  std::iota(complete.begin(), complete.end(), std::size_t{0});
  const bool all_labelled = std::ranges::count(labels, missing_label) == 0;
  if (all_labelled && all_finite(table.features.values())) return complete;
  complete.clear();
  for (std::size_t i = 0; i < table.features.rows(); ++i) {
    const auto row = table.features.row(i);
    bool missing = !all_labelled && labels[i] == missing_label;
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (std::isfinite(row[j])) continue;
      if (!skip_missing || !std::isnan(row[j])) refuse(table, sources, first, i, j);
      missing = true;
    }
    if (!missing) complete.push_back(i);
  }
  return complete;
}

void select(Embeddings& all, const std::vector<std::size_t>& kept) {
  Embeddings selected(kept.size(), all.cols());
  for (std::size_t i = 0; i < kept.size(); ++i) std::ranges::copy(all.row(kept[i]), selected.row(i).begin());
  all = std::move(selected);
}

/// The same of whole sources, with a note of the rows that are skipped.
Rows complete_all(kernad::Table table, std::vector<std::uint8_t> labels, const Sources& sources, bool skip_missing) {
  Rows rows = complete_rows(std::move(table), std::move(labels), sources, skip_missing);
  const std::size_t skipped = rows.all - rows.features.rows();
  if (skipped > 0) rows.table.notes.push_back(skipped_note(sources, skipped, rows.all));
  return rows;
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_text(const std::string& source) {
  std::filesystem::path path = lower_case(parse_source_name(source).path);
  if (path.extension() == ".gz") path.replace_extension();
  const std::string ending = path.extension().string();
  return source == "-" || ending.empty() || ending == ".csv" || ending == ".tsv" || ending == ".jsonl" ||
         ending == ".ndjson";
}

}  // namespace

bool is_file(const std::string& source) {
  std::error_code ignored;
  return std::filesystem::exists(parse_source_name(source).path, ignored);
}

bool have_columns(const Sources& sources) { return std::ranges::all_of(sources, is_text); }

void select(Rows& rows, const std::vector<std::size_t>& kept) {
  if (kept.size() == rows.features.rows()) return;
  std::vector<std::size_t> numbers;
  std::vector<std::uint8_t> labels;
  for (const std::size_t row : kept) {
    numbers.push_back(rows.numbers[row]);
    if (!rows.labels.empty()) labels.push_back(rows.labels[row]);
  }
  select(rows.features, kept);
  if (!rows.rest.empty()) select(rows.rest, kept);
  rows.numbers = std::move(numbers);
  rows.labels = std::move(labels);
}

std::string skipped_note(const Sources& sources, std::size_t skipped, std::size_t all) {
  return fmt::format("{}: {} of {} rows have missing values and are skipped", name_of(sources), skipped, all);
}

Rows one_row(const Rows& rows, std::size_t i) {
  Rows one;
  one.features = Embeddings(1, rows.features.cols());
  std::ranges::copy(rows.features.row(i), one.features.row(0).begin());
  if (!rows.rest.empty()) {
    one.rest = Embeddings(1, rows.rest.cols());
    std::ranges::copy(rows.rest.row(i), one.rest.row(0).begin());
  }
  one.numbers = {rows.numbers[i]};
  one.first_number = rows.numbers[i];
  one.all = 1;
  for (const TextColumn& id : rows.table.ids) {
    one.table.ids.push_back({id.name, {id.values[rows.numbers[i] - rows.first_number]}});
  }
  return one;
}

Rows complete_rows(kernad::Table table, std::vector<std::uint8_t> labels, const Sources& sources, bool skip_missing,
                   std::size_t first_number) {
  const auto kept = numbers_of_complete(table, labels, sources, first_number, skip_missing);
  Rows rows;
  rows.first_number = first_number;
  rows.all = table.features.rows();
  rows.features = std::move(table.features);
  rows.rest = std::move(table.rest);
  rows.numbers.resize(rows.all);
  std::iota(rows.numbers.begin(), rows.numbers.end(), first_number);
  rows.labels = std::move(labels);
  rows.table = std::move(table);
  select(rows, kept);
  return rows;
}

std::string name_of(const Sources& sources) {
  return sources.size() == 1 ? sources[0] : fmt::format("{} and {} more", sources[0], sources.size() - 1);
}

Sources expand(const Sources& sources) {
  Sources files;
  for (const std::string& source : sources) {
    if (source.find_first_of("*?[") == std::string::npos || is_file(source)) {
      files.push_back(source);
      continue;
    }
    glob_t found = {};
    const int failed = ::glob(source.c_str(), 0, nullptr, &found);
    if (failed == 0) std::copy_n(found.gl_pathv, found.gl_pathc, std::back_inserter(files));
    ::globfree(&found);
    if (failed != 0) throw InvalidParameter(source + ": no file matches this pattern");
  }
  return files;
}

std::string row_name(const kernad::Table& table, std::size_t row) {
  std::string name;
  for (const TextColumn& id : table.ids) name += (name.empty() ? "" : ", ") + id.values[row];
  return name;
}

std::string Rows::name(std::size_t i) const {
  return table.ids.empty() ? fmt::format("{}", numbers[i]) : row_name(table, numbers[i] - first_number);
}

kernad::Matrix<double> Rows::doubles(std::size_t first, std::size_t count) const {
  kernad::Matrix<double> sum(count, features.cols());
  for (std::size_t i = 0; i < count; ++i) {
    std::ranges::transform(features.row(first + i), rest.row(first + i), sum.row(i).begin(),
                           [](float value, float lacking) { return double{value} + double{lacking}; });
  }
  return sum;
}

std::string training_row_name(const KDEClassifier& model, std::size_t row) {
  return model.row_names().empty() ? fmt::format("{}", row) : model.row_names()[row];
}

Rows read_rows(const Sources& sources, const ReadOptions& options) {
  return complete_all(read_tables(sources, options), {}, sources, options.allow_missing);
}

void append(Rows& to, Rows from) {
  const auto join = [](auto& target, auto& source) {
    target.insert(target.end(), std::make_move_iterator(source.begin()), std::make_move_iterator(source.end()));
  };
  const auto join_columns = [&](std::vector<TextColumn>& target, std::vector<TextColumn>& source) {
    if (target.empty()) return target.swap(source);
    for (std::size_t k = 0; k < target.size(); ++k) join(target[k].values, source[k].values);
  };
  to.all += from.all;
  join(to.numbers, from.numbers);
  join(to.labels, from.labels);
  join_columns(to.table.ids, from.table.ids);
  join_columns(to.table.fields, from.table.fields);
}

}  // namespace kernad::cli
