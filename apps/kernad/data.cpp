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

/// Keeps the rows in `kept`, in that order.
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

/// The same of whole sources, with a note of the rows that are skipped.
Rows complete_all(kernad::Table table, std::vector<std::uint8_t> labels, const Sources& sources, bool skip_missing) {
  Rows rows = complete_rows(std::move(table), std::move(labels), sources, skip_missing);
  const std::size_t skipped = rows.all - rows.features.rows();
  if (skipped > 0) rows.table.notes.push_back(skipped_note(sources, skipped, rows.all));
  return rows;
}

/// Whether `source` is an existing file, or an array in one.
bool is_file(const std::string& source) {
  std::error_code ignored;
  return std::filesystem::exists(parse_source_name(source).path, ignored);
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

bool have_columns(const Sources& sources) { return std::ranges::all_of(sources, is_text); }

Rows with_label_column(const Sources& sources, const LabelSource& from, ReadOptions options) {
  options.label_column = from.column_or_file;
  kernad::Table table = read_tables(sources, options);
  auto labels = parse_labels(
      table.labels, fmt::format("{}, column '{}'", name_of(sources), from.column_or_file),
      {.normal_label = from.normal_label, .column = table.label_name, .allow_missing = options.allow_missing});
  if (from.normal_label.empty() && std::ranges::count(table.labels, "-1") != 0) {
    table.notes.push_back(fmt::format("{}: the label -1 is taken for anomalous and 1 for normal", name_of(sources)));
  }
  return complete_all(std::move(table), std::move(labels), sources, options.allow_missing);
}

Rows with_label_file(const Sources& sources, const LabelSource& from, const ReadOptions& options) {
  const std::string& file = from.column_or_file;
  kernad::Table table = read_tables(sources, options);
  auto labels = read_labels(file, {.normal_label = from.normal_label, .allow_missing = options.allow_missing});
  if (labels.size() != table.features.rows()) {
    throw InvalidInput(fmt::format("{}: {} labels, but {} has {} rows; there must be one label a row", file,
                                   labels.size(), name_of(sources), table.features.rows()));
  }
  return complete_all(std::move(table), std::move(labels), sources, options.allow_missing);
}

}  // namespace

std::string skipped_note(const Sources& sources, std::size_t skipped, std::size_t all) {
  return fmt::format("{}: {} of {} rows have missing values and are skipped", name_of(sources), skipped, all);
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

Rows read_labelled(const Sources& sources, const LabelSource& labels, const ReadOptions& options) {
  if (labels.column_or_file == "-" && std::ranges::count(sources, "-") != 0) {
    throw InvalidParameter("data and labels cannot both be standard input; give one of them as a file");
  }
  if (!have_columns(sources)) return with_label_file(sources, labels, options);
  if (!is_file(labels.column_or_file)) return with_label_column(sources, labels, options);
  // A name may be that of a file and of a column; the column takes precedence. But a pipe can be read only once.
  std::error_code ignored;
  const auto regular = [&](const std::string& source) { return std::filesystem::is_regular_file(source, ignored); };
  if (!std::ranges::all_of(sources, regular)) return with_label_file(sources, labels, options);
  try {
    return with_label_column(sources, labels, options);
  } catch (const InvalidParameter&) {
    return with_label_file(sources, labels, options);
  }
}

std::string few_normal_note(const Sources& sources, std::size_t normal, std::size_t labelled) {
  if (normal == 0 || normal * 5 >= labelled) return "";
  return fmt::format(
      "{}: only {} of {} rows are labelled normal; if the labels mean the opposite, see "
      "--normal-label",
      name_of(sources), normal, labelled);
}

bool is_weight_column(const Sources& sources, const std::string& weights, ReadOptions options) {
  if (!have_columns(sources) || !is_file(weights)) return have_columns(sources);
  // As for labels, the column takes precedence, but a pipe can be read only once.
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(sources[0], ignored)) return false;
  options.weight_column = weights;
  try {
    const TableReader beginning({sources[0]}, std::move(options));
    return true;
  } catch (const InvalidParameter&) {
    return false;
  }
}

std::vector<double> weights_of(const Rows& rows, const Sources& sources, const std::string& file) {
  std::vector<double> all = rows.table.weights;
  if (all.empty()) {
    const kernad::Table table = read_table(file, {.keep_rest = true});
    const std::size_t count = table.features.values().size();
    if (std::min(table.features.rows(), table.features.cols()) != 1 || count != rows.all) {
      throw InvalidInput(fmt::format("{}: is {} x {}, but {} has {} rows; there must be one weight a row", file,
                                     table.features.rows(), table.features.cols(), name_of(sources), rows.all));
    }
    all.assign(table.features.values().begin(), table.features.values().end());
    for (std::size_t i = 0; i < table.rest.values().size(); ++i) all[i] += double{table.rest.values()[i]};
  }
  std::vector<double> weights;
  for (const std::size_t number : rows.numbers) {
    if (!(all[number] >= 0 && std::isfinite(all[number]))) {
      throw InvalidInput(
          fmt::format("{}: the weight of row {} is {}; valid: 0 or more, and finite", file, number, all[number]));
    }
    weights.push_back(all[number]);
  }
  return weights;
}

Rows normal_rows(Rows rows) {
  if (rows.labels.empty()) return rows;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < rows.labels.size(); ++i) {
    if (rows.labels[i] == 0) kept.push_back(i);
  }
  select(rows, kept);
  return rows;
}

}  // namespace kernad::cli
