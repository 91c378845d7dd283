#include "data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <system_error>

namespace kernad::cli {
namespace {

/// Here and not left to the classifier, because only here the row's number in the file and the column's name are known.
void require_finite(const kernad::Table& table, const std::string& source) {
  for (std::size_t i = 0; i < table.features.rows(); ++i) {
    const auto row = table.features.row(i);
    const auto bad = std::find_if(row.begin(), row.end(), [](float x) { return !std::isfinite(x); });
    if (bad == row.end()) continue;
    const auto column = static_cast<std::size_t>(bad - row.begin());
    const std::string name =
        column < table.column_names.size() ? fmt::format(" ('{}')", table.column_names[column]) : "";
    throw InvalidInput(
        fmt::format("{}: row {}, column {}{} is {}; every value must be finite", source, i, column, name, *bad));
  }
}

/// Whether `source` is a file that is there, or an array in one.
bool is_file(const std::string& source) {
  std::error_code ignored;
  return std::filesystem::exists(parse_source_name(source).path, ignored);
}

bool is_text(const std::string& source) {
  std::string ending = std::filesystem::path(parse_source_name(source).path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return source == "-" || ending == ".csv" || ending == ".tsv" || ending.empty();
}

LabelledData with_label_column(const std::string& source, const std::string& column, CsvHeader header) {
  kernad::Table table = read_rows(source, header, column);
  auto labels = parse_labels(table.labels, fmt::format("{}, column '{}'", source, column));
  return {std::move(table.features), std::move(labels), std::move(table.column_names)};
}

LabelledData with_label_file(const std::string& source, const std::string& file, CsvHeader header) {
  kernad::Table table = read_rows(source, header);
  LabelledData data{std::move(table.features), read_labels(file), std::move(table.column_names)};
  if (data.labels.size() != data.features.rows()) {
    throw InvalidInput(fmt::format("{}: {} labels, but {} has {} rows; there must be one label a row", file,
                                   data.labels.size(), source, data.features.rows()));
  }
  return data;
}

}  // namespace

kernad::Table read_rows(const std::string& source, CsvHeader header, const std::string& label_column) {
  kernad::Table table = read_table(source, {label_column, header});
  require_finite(table, source);
  return table;
}

Embeddings read_features(const std::string& source, CsvHeader header, const std::string& label_column) {
  return std::move(read_rows(source, header, label_column).features);
}

LabelledData read_labelled(const std::string& source, const std::string& labels, CsvHeader header) {
  if (source == "-" && labels == "-") {
    throw InvalidParameter("data and labels cannot both be standard input; give one of them as a file");
  }
  if (!is_text(source)) return with_label_file(source, labels, header);
  if (!is_file(labels)) return with_label_column(source, labels, header);
  std::error_code ignored;
  // A file's name can be a column's as well, and the column goes first; but a pipe can be read only once.
  if (!std::filesystem::is_regular_file(source, ignored)) return with_label_file(source, labels, header);
  try {
    return with_label_column(source, labels, header);
  } catch (const InvalidParameter&) {
    return with_label_file(source, labels, header);
  }
}

Embeddings normal_rows(const LabelledData& data) {
  const auto count = static_cast<std::size_t>(std::count(data.labels.begin(), data.labels.end(), std::uint8_t{0}));
  Embeddings rows(count, data.features.cols());
  std::size_t next = 0;
  for (std::size_t i = 0; i < data.labels.size(); ++i) {
    if (data.labels[i] == 0) std::ranges::copy(data.features.row(i), rows.row(next++).begin());
  }
  return rows;
}

}  // namespace kernad::cli
