#include "io/row_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include "files/message.hpp"
#include "files/number.hpp"
#include "files/utf8.hpp"
#include "io/missing.hpp"
#include "io/rest.hpp"
#include "kernad/error.hpp"

namespace kernad::io {

RowParser::RowParser(std::string source, const ReadOptions& options, const Beginning& beginning)
    : source_(std::move(source)),
      delimiter_(options.delimiter),
      decimal_mark_(beginning.decimal_mark),
      allow_missing_(options.allow_missing),
      keep_rest_(options.keep_rest),
      keep_fields_(options.keep_fields),
      names_(beginning.names),
      count_(beginning.rows.front().fields.size()),
      roles_(beginning.roles) {}

void RowParser::name_columns(PulledRows& rows) {
  for (std::size_t k = rows.ids.size(); k < roles_.ids.size(); ++k) {
    rows.ids.push_back({name_or_number(roles_.ids[k]), {}});
  }
  if (!keep_fields_) return;
  if (rows.fields.empty()) {
    for (std::size_t i = 0; i < count_; ++i) rows.fields.push_back({name_or_number(i), {}});
  }
  if (field_order_.empty()) field_order_ = order_of(rows.fields);
}

/// For each column, its position in `fields`, those of the first of several sources.
std::vector<std::size_t> RowParser::order_of(const std::vector<TextColumn>& fields) const {
  std::vector<std::size_t> order(count_);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto is_called = [&](std::size_t i) { return fields[i].name == name_or_number(i); };
  if (fields.size() == count_ && (names_.empty() || std::ranges::all_of(order, is_called))) return order;
  std::vector<std::string> wanted;
  wanted.reserve(fields.size());
  for (const TextColumn& field : fields) wanted.push_back(field.name);
  const auto found = match_columns(wanted, names_);  // throws for other columns
  for (std::size_t k = 0; k < found.size(); ++k) order[found[k]] = k;
  return order;
}

void RowParser::add(const TextRow& row, bool is_first, PulledRows& rows) const {
  if (row.fields.size() != count_) refuse_count(row, is_first);
  for (const std::size_t i : roles_.features) {
    const double value = number(row, i);
    if (keep_rest_) put_rest(value, rows.values.size(), rows.rest);
    rows.values.push_back(static_cast<float>(value));
  }
  if (roles_.weight != no_column) rows.weights.push_back(weight(row));
  if (roles_.label != no_column) rows.labels.push_back(files::to_utf8(row.fields[roles_.label]));
  for (std::size_t k = 0; k < roles_.ids.size(); ++k) {
    rows.ids[k].values.push_back(files::to_utf8(row.fields[roles_.ids[k]]));
  }
  for (std::size_t i = 0; keep_fields_ && i < count_; ++i) {
    rows.fields[field_order_[i]].values.push_back(files::to_utf8(row.fields[i]));
  }
  for (const std::size_t i : roles_.blank) {
    if (row.fields[i].empty()) continue;
    files::fail(source_, place(row, i) + files::quote(row.fields[i]) +
                             " stands in a column that has no name and was "
                             "empty before; give it a name");
  }
}

void RowParser::refuse_count(const TextRow& row, bool is_first) const {
  files::fail(source_, fmt::format("line {}: {} {} where the first row has {}{}", row.line, row.fields.size(),
                                   row.fields.size() == 1 ? "field" : "fields", count_,
                                   is_first && !names_.empty() ? heading_hint(row.fields.size()) : ""));
}

std::string RowParser::name_or_number(std::size_t column) const {
  return names_.empty() ? fmt::format("{}", column) : names_[column];
}

double RowParser::number(const TextRow& row, std::size_t column) const {
  std::string_view field = row.fields[column];
  const auto parsed = files::parse_number(field, decimal_mark_);
  if (!parsed && allow_missing_ && is_missing(field)) return std::numeric_limits<double>::quiet_NaN();
  if (!parsed) files::fail(source_, place(row, column) + not_a_number(field));
  if (parsed->overflows ||
      (std::isfinite(parsed->value) && std::abs(parsed->value) > double{std::numeric_limits<float>::max()})) {
    throw InvalidInput(fmt::format("{}: {}{} is beyond float32, whose largest value is {}", source_, place(row, column),
                                   files::quote(field), std::numeric_limits<float>::max()));
  }
  return parsed->value;
}

double RowParser::weight(const TextRow& row) const {
  std::string_view field = row.fields[roles_.weight];
  const auto parsed = files::parse_number(field, decimal_mark_);
  if (parsed && !parsed->overflows && parsed->value >= 0 && std::isfinite(parsed->value)) return parsed->value;
  throw InvalidInput(fmt::format("{}: {}{} is no weight; valid: 0 or more, and finite", source_,
                                 place(row, roles_.weight), files::quote(field)));
}

std::string RowParser::place(const TextRow& row, std::size_t column) const {
  if (names_.empty()) return fmt::format("line {}, column {}: ", row.line, column);
  return fmt::format("line {}, column {} ({}): ", row.line, column, files::quote(names_[column]));
}

std::string RowParser::not_a_number(std::string_view field) const {
  if (is_missing(field)) {
    return (field.empty() ? std::string("is empty") : files::quote(field) + " is a missing value") +
           "; a number is needed, or missing values have to be allowed (missing: skip)";
  }
  if (delimiter_ == '\0' && (field.starts_with('{') || field.starts_with('['))) {
    return files::quote(field) + " is no number; numbers, texts and arrays of numbers are valid";
  }
  std::string text = files::quote(field) + " is not a number";
  const char other = decimal_mark_ == '.' ? ',' : '.';
  if (files::parse_number(field, other)) {
    return text + fmt::format(": decimal marks are '{}' here; another one has to be given (decimal: {})", decimal_mark_,
                              other == ',' ? "comma" : "point");
  }
  const auto marks = std::ranges::count_if(field, [](char c) { return c == '.' || c == ','; });
  if (marks > 1 && field.find_first_not_of("+-.,0123456789") == std::string::npos) {
    text += "; thousands must not be parted";
  }
  return text + separator_hint(field);
}

/// For a heading that does not fit its rows.
std::string RowParser::heading_hint(std::size_t fields) const {
  if (fields != count_ + 1) return separator_hint(names_[0]);
  const char* decimal =
      count_ == 1 && delimiter_ == ',' ? "; if the comma is the decimal mark, say so (decimal: comma)" : "";
  return decimal +
         std::string(
             "; if each row begins with its name, as R writes it, the heading needs a field for that as well (R: "
             "col.names "
             "= NA)");
}

/// For a text that looks as if it had one column.
std::string RowParser::separator_hint(std::string_view text) const {
  if (count_ != 1) return "";
  struct Separator {
    char mark;
    const char* spelt;
    const char* name;
  };
  for (const auto& [mark, spelt, name] :
       {Separator{';', "';'", "semicolon"}, {'\t', "a tab", "tab"}, {'|', "'|'", "pipe"}, {',', "','", "comma"}}) {
    if (text.find(mark) == std::string::npos) continue;
    return fmt::format("; if {} separates the columns here, it has to be given (delimiter: {})", spelt, name);
  }
  return "";
}

namespace {

template <typename T>
void move_to_end(std::vector<T>& part, std::vector<T>& all) {
  all.insert(all.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
  part.clear();
}

}  // namespace

void append(PulledRows& part, PulledRows& rows) {
  if (!part.rest.empty()) rows.rest.resize(rows.values.size());
  move_to_end(part.rest, rows.rest);
  move_to_end(part.values, rows.values);
  move_to_end(part.labels, rows.labels);
  move_to_end(part.weights, rows.weights);
  for (std::size_t k = 0; k < part.ids.size(); ++k) move_to_end(part.ids[k].values, rows.ids[k].values);
  for (std::size_t k = 0; k < part.fields.size(); ++k) move_to_end(part.fields[k].values, rows.fields[k].values);
  rows.count += std::exchange(part.count, 0);
}

}  // namespace kernad::io
