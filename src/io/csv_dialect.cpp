#include "io/csv_dialect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "files/message.hpp"
#include "files/number.hpp"
#include "files/source.hpp"
#include "io/csv_reader.hpp"
#include "kernad/error.hpp"

namespace kernad::io {
namespace {

constexpr std::size_t kRowsLookedAt = 20;

using FieldRows = std::vector<std::vector<std::string>>;

/// The first rows, split by that delimiter; none if it does not split each into the same number of fields, at least
/// two.
FieldRows first_rows(std::string_view text, bool is_whole, char delimiter) {
  files::MemorySource source("", std::as_bytes(std::span(text)));
  CsvReader reader(source, delimiter);
  FieldRows rows;
  try {
    while (rows.size() <= kRowsLookedAt) {
      const auto row = reader.next();
      if (!row) break;
      const bool is_comment = !rows.empty() && row->fields[0].starts_with('#') && !rows[0][0].starts_with('#');
      if (is_comment && row->fields.size() != rows[0].size()) continue;
      rows.emplace_back(row->fields.begin(), row->fields.end());
    }
  } catch (const ReadError&) {
    // A quote is out of place, or the text was cut off inside a field.
    if (is_whole) return {};
  }
  if (!is_whole && rows.size() > 1 && rows.size() <= kRowsLookedAt) rows.pop_back();  // may be cut off
  if (rows.empty() || rows[0].size() < 2) return {};
  const auto is_like_first = [&](const auto& row) { return row.size() == rows[0].size(); };
  return std::ranges::all_of(rows, is_like_first) ? rows : FieldRows();
}

/// How well a delimiter fits: the more numbers, the better. Below 0: not at all.
double fit_of(std::string_view text, bool is_whole, char delimiter, bool comma_may_be_decimal) {
  const FieldRows rows = first_rows(text, is_whole, delimiter);
  if (rows.empty()) return -1;
  std::size_t numbers = 0;
  for (const auto& row : rows) {
    for (const std::string& field : row) {
      const char mark = comma_may_be_decimal && delimiter != ',' && field.find('.') == std::string::npos ? ',' : '.';
      if (files::parse_number(field, mark)) ++numbers;
    }
  }
  return static_cast<double>(numbers) / static_cast<double>(rows.size() * rows[0].size());
}

/// Whether commas separate columns although they are decimal marks: then numbers with a comma are quoted.
bool quotes_decimal_commas(std::string_view text, bool is_whole) {
  for (const auto& row : first_rows(text, is_whole, ',')) {
    for (const std::string& field : row) {
      if (field.find(',') != std::string::npos && files::parse_number(field, ',')) return true;
    }
  }
  return false;
}

bool are_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// In "1,234" and "12,345,678" commas may separate thousands; "0,123" and "1,2" have a decimal comma.
bool may_be_thousands(std::string_view number, char mark = ',') {
  if (number.starts_with('-') || number.starts_with('+')) number.remove_prefix(1);
  std::size_t group = number.find(mark);
  if (group == 0 || group > 3 || number[0] == '0') return false;
  while (group != std::string_view::npos) {
    number.remove_prefix(group + 1);
    group = number.find(mark);
    if ((group == std::string_view::npos ? number.size() : group) != 3) return false;
  }
  return are_digits(number);
}

/// A number whose point may separate thousands; empty if none. In 980, 1.250, 760 it may: each point of the table has
/// three digits behind it, and the same column has whole numbers without one, none of which needs one.
std::string point_of_thousands(std::span<const std::vector<std::string>> rows) {
  struct Column {
    std::string with_point;
    bool whole = false;
    bool long_whole = false;
  };
  std::vector<Column> columns;
  for (const auto& row : rows) {
    if (columns.size() < row.size()) columns.resize(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string_view field = files::trim(row[i]);
      if (!files::parse_number(field, '.')) continue;
      if (field.find('.') != std::string::npos) {
        if (!may_be_thousands(field, '.')) return "";
        columns[i].with_point = field;
      } else if (const auto digits = field.substr(field.find_first_not_of("+-")); digits != "0" && are_digits(digits)) {
        columns[i].whole = true;
        columns[i].long_whole |= digits.size() > 3;
      }
    }
  }
  for (const Column& column : columns) {
    if (!column.with_point.empty() && column.whole && !column.long_whole) return column.with_point;
  }
  return "";
}

}  // namespace

char find_delimiter(std::string_view text, bool is_whole, char usual, DecimalMark decimal) {
  if (decimal == DecimalMark::comma && usual == ',') {
    if (quotes_decimal_commas(text, is_whole)) return ',';
    usual = ';';
  }
  char best = usual;
  double best_fit = fit_of(text, is_whole, usual, true);
  for (const char candidate : {',', ';', '\t', '|'}) {
    if (candidate == usual || (candidate == ',' && decimal == DecimalMark::comma)) continue;
    const double fit = fit_of(text, is_whole, candidate, decimal != DecimalMark::point);
    if (fit <= best_fit) continue;
    best = candidate;
    best_fit = fit;
  }
  return best;
}

char find_decimal_mark(const std::string& source, std::span<const std::vector<std::string>> rows, char delimiter) {
  std::string with_point;
  std::string with_comma;
  bool surely_decimal = false;
  for (const auto& row : rows) {
    for (const std::string& field : row) {
      const bool has_comma = field.find(',') != std::string::npos;
      if (!has_comma && field.find('.') != std::string::npos && files::parse_number(field, '.')) with_point = field;
      if (!has_comma || (!files::parse_number(field, ',') && !may_be_thousands(files::trim(field)))) continue;
      with_comma = field;
      surely_decimal = surely_decimal || !may_be_thousands(files::trim(field));
    }
  }
  if (with_comma.empty()) {
    const std::string thousands = delimiter == ';' || delimiter == '\t' ? point_of_thousands(rows) : "";
    if (thousands.empty()) return '.';
    files::fail(source, fmt::format("the point in {} and other numbers may be a decimal mark or part thousands; say "
                                    "which it is (decimal: point; parted thousands are not read)",
                                    files::quote(thousands)));
  }
  if (!with_point.empty()) {
    files::fail(source,
                fmt::format("numbers have a decimal point, as in {}, and a comma, as in {}; say which one it is "
                            "(decimal: point or comma)",
                            files::quote(with_point), files::quote(with_comma)));
  }
  if (!surely_decimal) {
    files::fail(source, fmt::format("the comma in {} and all other numbers may be a decimal mark or part thousands; "
                                    "say which it is (decimal: comma; parted thousands are not read)",
                                    files::quote(with_comma)));
  }
  return ',';
}

}  // namespace kernad::io
