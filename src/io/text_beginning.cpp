#include "io/text_beginning.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "files/message.hpp"
#include "files/number.hpp"
#include "files/utf8.hpp"
#include "io/csv_dialect.hpp"
#include "io/labels.hpp"
#include "io/missing.hpp"

namespace kernad::io {
namespace {

/// Number of rows that are inspected before the first is returned, to find the roles of columns.
constexpr std::size_t kSampleRows = 256;

/// Whether the options name a column `name`.
bool is_announced(const std::string& name, const ReadOptions& options) {
  const auto in = [&](const std::vector<std::string>& names) { return std::ranges::count(names, name) != 0; };
  return name == options.label_column || name == options.weight_column || in(options.columns) ||
         in(options.ignored_columns) || in(options.id_columns) || in(options.model_columns);
}

/// Whether the first row names the columns. A line that is partly numbers may be a heading or data with a fault in it:
/// either reading could silently lose a row or misinterpret a column.
bool is_heading(const std::string& source, const StoredRow& row, const ReadOptions& options) {
  if (options.header != CsvHeader::detect) return options.header == CsvHeader::present;
  const std::size_t count = row.fields.size();
  // Data may contain label texts: in the label column, only a text that is not a label indicates a heading. Ids and
  // ignored columns may be any text.
  const std::size_t label = column_number(options.label_column, count);
  std::vector<bool> any_text(count);
  for (const auto* columns : {&options.ignored_columns, &options.id_columns}) {
    for (const auto& column : *columns) {
      if (const std::size_t i = column_number(column, count); i != no_column) any_text[i] = true;
    }
  }
  std::size_t numbers = 0;
  std::size_t text = no_column;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& field = row.fields[i];
    if (field.empty() || any_text[i] || (i == label && label_value(field))) continue;
    if (files::parse_number(field) || files::parse_number(field, ',')) {
      ++numbers;
    } else if (is_announced(field, options)) {
      return true;
    } else if (is_missing(field)) {
      continue;  // it is not a name
    } else if (text == no_column) {
      text = i;
    }
  }
  if (text == no_column) return false;
  if (numbers == 0) return true;
  files::fail(source,
              fmt::format("line {}, column {}: {} is not a number, but {} other fields of the line are; if it is a "
                          "heading, say so (header: present), else that there is none (header: absent)",
                          row.line, text, files::quote(row.fields[text]), numbers));
}

char decimal_mark(const std::string& source, const ReadOptions& options, const ColumnRoles& roles,
                  const std::vector<std::vector<std::string>>& sample) {
  if (options.decimal != DecimalMark::detect) return options.decimal == DecimalMark::comma ? ',' : '.';
  std::vector<std::vector<std::string>> features;
  for (const auto& row : sample) {
    auto& fields = features.emplace_back();
    for (const std::size_t i : roles.features) {
      if (i < row.size()) fields.push_back(row[i]);
    }
  }
  return find_decimal_mark(source, features, options.delimiter);
}

}  // namespace

Beginning read_beginning(const std::string& source, TextReader& reader, const ReadOptions& options) {
  Beginning beginning;
  std::vector<StoredRow>& rows = beginning.rows;
  bool heading = false;
  while (rows.size() <= kSampleRows) {
    if (options.as_it_comes && rows.size() > (heading ? 1 : 0) && !reader.has_arrived()) break;
    const auto row = reader.next();
    if (!row) break;
    rows.push_back({{row->fields.begin(), row->fields.end()}, row->line});
    if (rows.size() == 1) heading = is_heading(source, rows.front(), options);
  }
  if (rows.empty()) files::fail(source, "is empty; rows of numbers are needed");
  std::vector<std::vector<std::string>> below;
  if (heading) {
    for (const auto& field : rows.front().fields) beginning.names.push_back(files::to_utf8(field));
  }
  for (std::size_t i = heading ? 1 : 0; i < rows.size(); ++i) below.push_back(rows[i].fields);
  beginning.roles = column_roles(source, beginning.names, rows.front().fields.size(), options, below);
  beginning.decimal_mark = decimal_mark(source, options, beginning.roles, below);
  return beginning;
}

}  // namespace kernad::io
