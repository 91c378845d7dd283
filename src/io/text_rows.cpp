#include "io/text_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "files/message.hpp"
#include "files/number.hpp"
#include "files/utf8.hpp"
#include "io/column_roles.hpp"
#include "io/csv_dialect.hpp"
#include "io/ending.hpp"
#include "io/labels.hpp"
#include "io/missing.hpp"
#include "io/rest.hpp"
#include "kernad/error.hpp"

namespace kernad::io {
namespace {

/// Number of rows that are inspected before the first is returned, to find the roles of columns.
constexpr std::size_t kSampleRows = 256;

struct StoredRow {
  std::vector<std::string> fields;
  std::uint64_t line;
};

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

/// What is known of a text before its first row is returned.
struct Beginning {
  std::vector<StoredRow> rows;     ///< the first ones, the heading among them
  std::vector<std::string> names;  ///< of all columns; empty without a heading
  ColumnRoles roles;
  char decimal_mark;
};

class TextRows final : public RowSource {
 public:
  TextRows(std::unique_ptr<files::Source> source, std::unique_ptr<TextReader> reader, const ReadOptions& options,
           Beginning beginning)
      : RowSource(shape(source->name(), beginning)),
        source_(std::move(source)),
        reader_(std::move(reader)),
        delimiter_(options.delimiter),
        decimal_mark_(beginning.decimal_mark),
        allow_missing_(options.allow_missing),
        keep_rest_(options.keep_rest),
        keep_fields_(options.keep_fields),
        as_it_comes_(options.as_it_comes),
        names_(std::move(beginning.names)),
        count_(beginning.rows.front().fields.size()),
        roles_(std::move(beginning.roles)),
        sample_(std::move(beginning.rows)) {
    if (!names_.empty()) next_sample_ = 1;
  }

  std::size_t next(std::size_t max_rows, PulledRows& rows) override {
    name_columns(rows);
    std::size_t count = 0;
    for (; count < max_rows; ++count) {
      if (next_sample_ < sample_.size()) {
        const StoredRow& row = sample_[next_sample_++];
        read({row.fields, row.line}, rows);
        continue;
      }
      if (as_it_comes_ && count > 0 && !reader_->has_arrived()) break;
      const auto row = reader_->next();
      if (!row) {
        note_comments();
        break;
      }
      read(*row, rows);
    }
    rows.count += count;
    return count;
  }

 private:
  static TableShape shape(const std::string& name, const Beginning& beginning) {
    const auto& [rows, names, roles, mark] = beginning;
    TableShape shape;
    shape.name = name;
    shape.columns = roles.features.size();
    shape.notes = roles.notes;
    if (names.empty()) return shape;
    for (const std::size_t i : roles.features) shape.column_names.push_back(names[i]);
    for (const std::size_t i : roles.left_out) shape.left_out.push_back(names[i]);
    if (roles.label != no_column) shape.label_name = names[roles.label];
    return shape;
  }

  /// At the end, once.
  void note_comments() {
    const std::size_t count = reader_->comments();
    if (count == 0 || std::exchange(ended_, true)) return;
    add_note(fmt::format("{} {} with # and {} skipped as {}", count, count == 1 ? "line begins" : "lines begin",
                         count == 1 ? "is" : "are", count == 1 ? "a comment" : "comments"));
  }

  void name_columns(PulledRows& rows) {
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
  [[nodiscard]] std::vector<std::size_t> order_of(const std::vector<TextColumn>& fields) const {
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

  void read(const TextRow& row, PulledRows& rows) {
    const bool is_first = std::exchange(before_first_, false);
    if (row.fields.size() != count_) {
      files::fail(name(), fmt::format("line {}: {} {} where the first row has {}{}", row.line, row.fields.size(),
                                      row.fields.size() == 1 ? "field" : "fields", count_,
                                      is_first && !names_.empty() ? heading_hint(row.fields.size()) : ""));
    }
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
      files::fail(name(), place(row, i) + files::quote(row.fields[i]) +
                              " stands in a column that has no name and was "
                              "empty before; give it a name");
    }
  }

  [[nodiscard]] std::string name_or_number(std::size_t column) const {
    return names_.empty() ? fmt::format("{}", column) : names_[column];
  }

  [[nodiscard]] double number(const TextRow& row, std::size_t column) const {
    const std::string& field = row.fields[column];
    if (allow_missing_ && is_missing(field)) return std::numeric_limits<double>::quiet_NaN();
    const auto parsed = files::parse_number(field, decimal_mark_);
    if (!parsed) files::fail(name(), place(row, column) + not_a_number(field));
    if (parsed->overflows ||
        (std::isfinite(parsed->value) && std::abs(parsed->value) > double{std::numeric_limits<float>::max()})) {
      throw InvalidInput(fmt::format("{}: {}{} is beyond float32, whose largest value is {}", name(),
                                     place(row, column), files::quote(field), std::numeric_limits<float>::max()));
    }
    return parsed->value;
  }

  double weight(const TextRow& row) const {
    const std::string& field = row.fields[roles_.weight];
    const auto parsed = files::parse_number(field, decimal_mark_);
    if (parsed && !parsed->overflows && parsed->value >= 0 && std::isfinite(parsed->value)) return parsed->value;
    throw InvalidInput(fmt::format("{}: {}{} is no weight; valid: 0 or more, and finite", name(),
                                   place(row, roles_.weight), files::quote(field)));
  }

  std::string place(const TextRow& row, std::size_t column) const {
    if (names_.empty()) return fmt::format("line {}, column {}: ", row.line, column);
    return fmt::format("line {}, column {} ({}): ", row.line, column, files::quote(names_[column]));
  }

  std::string not_a_number(const std::string& field) const {
    if (is_missing(field)) {
      return (field.empty() ? "is empty" : files::quote(field) + " is a missing value") +
             "; a number is needed, or missing values have to be allowed (missing: skip)";
    }
    if (delimiter_ == '\0' && (field.starts_with('{') || field.starts_with('['))) {
      return files::quote(field) + " is no number; numbers, texts and arrays of numbers are valid";
    }
    std::string text = files::quote(field) + " is not a number";
    const char other = decimal_mark_ == '.' ? ',' : '.';
    if (files::parse_number(field, other)) {
      return text + fmt::format(": decimal marks are '{}' here; another one has to be given (decimal: {})",
                                decimal_mark_, other == ',' ? "comma" : "point");
    }
    const auto marks = std::ranges::count_if(field, [](char c) { return c == '.' || c == ','; });
    if (marks > 1 && field.find_first_not_of("+-.,0123456789") == std::string::npos) {
      text += "; thousands must not be parted";
    }
    return text + separator_hint(field);
  }

  /// For a heading that does not fit its rows.
  [[nodiscard]] std::string heading_hint(std::size_t fields) const {
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
  [[nodiscard]] std::string separator_hint(const std::string& text) const {
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

  std::unique_ptr<files::Source> source_;
  std::unique_ptr<TextReader> reader_;
  char delimiter_;  // 0: of JSON Lines
  char decimal_mark_;
  bool allow_missing_;
  bool keep_rest_;
  bool keep_fields_;
  bool as_it_comes_;
  std::vector<std::string> names_;  // of all columns; empty without a heading
  std::size_t count_;               // of the file's columns
  ColumnRoles roles_;
  std::vector<std::size_t> field_order_;  // see order_of
  std::vector<StoredRow> sample_;         // the first rows, the heading among them
  bool ended_ = false;
  bool before_first_ = true;     // no row below the heading has been read
  std::size_t next_sample_ = 0;  // the first of them that has not been returned
};

}  // namespace

std::unique_ptr<RowSource> text_rows(std::unique_ptr<files::Source> source, std::unique_ptr<TextReader> reader,
                                     const ReadOptions& options) {
  Beginning beginning;
  std::vector<StoredRow>& rows = beginning.rows;
  bool heading = false;
  while (rows.size() <= kSampleRows) {
    if (options.as_it_comes && rows.size() > (heading ? 1 : 0) && !reader->has_arrived()) break;
    const auto row = reader->next();
    if (!row) break;
    rows.push_back({{row->fields.begin(), row->fields.end()}, row->line});
    if (rows.size() == 1) heading = is_heading(source->name(), rows.front(), options);
  }
  if (rows.empty()) files::fail(source->name(), "is empty; rows of numbers are needed");
  std::vector<std::vector<std::string>> below;
  if (heading) {
    for (const auto& field : rows.front().fields) beginning.names.push_back(files::to_utf8(field));
  }
  for (std::size_t i = heading ? 1 : 0; i < rows.size(); ++i) below.push_back(rows[i].fields);
  beginning.roles = column_roles(source->name(), beginning.names, rows.front().fields.size(), options, below);
  beginning.decimal_mark = decimal_mark(source->name(), options, beginning.roles, below);
  return std::make_unique<TextRows>(std::move(source), std::move(reader), options, std::move(beginning));
}

}  // namespace kernad::io
