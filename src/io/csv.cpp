#include "io/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "files/message.hpp"
#include "files/number.hpp"
#include "io/csv_reader.hpp"
#include "io/labels.hpp"
#include "kernad/error.hpp"

namespace kernad::io {
namespace {

std::optional<long long> parse_integer(std::string_view text) {
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string list_columns(std::span<const std::string> names) {
  constexpr std::size_t max_listed = 20;
  std::string list;
  for (const std::string& name : names.first(std::min(names.size(), max_listed))) {
    if (!list.empty()) list += ", ";
    list += files::quote(name);
  }
  return names.size() > max_listed ? list + fmt::format(" and {} more", names.size() - max_listed) : list;
}

constexpr std::size_t no_column = std::numeric_limits<std::size_t>::max();

// What the first row says of the columns.
class CsvColumns {
 public:
  CsvColumns(std::string name, char delimiter, const ReadOptions& options, const CsvRow& first)
      : name_(std::move(name)), delimiter_(delimiter), count_(first.fields.size()) {
    heading_ = is_heading(first, options);
    if (!options.label_column.empty()) label_ = find_label(first.fields, options.label_column);
    if (heading_) names_.assign(first.fields.begin(), first.fields.end());
  }

  /// Whether the first row names the columns and is no data.
  [[nodiscard]] bool heading() const noexcept { return heading_; }

  [[nodiscard]] TableShape shape() const {
    TableShape shape{name_, count_ - (label_ < count_ ? 1 : 0), {}, {}};
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (i != label_) shape.column_names.push_back(names_[i]);
    }
    return shape;
  }

  /// Writes a row's numbers to `out` and appends its label to `labels`.
  void read(const CsvRow& row, float* out, std::vector<std::string>& labels) const {
    if (row.fields.size() != count_) {
      files::fail(name_,
                  fmt::format("line {}: {} fields where the first row has {}", row.line, row.fields.size(), count_));
    }
    for (std::size_t i = 0; i < count_; ++i) {
      if (i == label_) {
        labels.push_back(row.fields[i]);
      } else {
        *out++ = number(row, i);
      }
    }
  }

 private:
  // A line that is partly numbers may be a heading or data with a fault in it: taken for either, it could silently lose
  // a row or a column's meaning.
  bool is_heading(const CsvRow& row, const ReadOptions& options) const {
    if (options.header != CsvHeader::detect) return options.header == CsvHeader::present;
    // A label may be a text in a row of data as well: in its column only what is no label makes a heading.
    const std::size_t label = label_number(options.label_column);
    std::size_t numbers = 0;
    std::size_t text = no_column;
    for (std::size_t i = 0; i < row.fields.size(); ++i) {
      const std::string& field = row.fields[i];
      if (field.empty() || (i == label && label_value(field))) continue;
      if (files::parse_number(field)) {
        ++numbers;
      } else if (field == options.label_column) {
        return true;  // it is announced as a column's name
      } else if (text == no_column) {
        text = i;
      }
    }
    if (text == no_column) return false;
    if (numbers == 0) return true;
    files::fail(name_,
                fmt::format("line {}, column {}: {} is not a number, but {} other fields of the line are; if it is a "
                            "heading, say so (header: present), else that there is none (header: absent)",
                            row.line, text, files::quote(row.fields[text]), numbers));
  }

  // The number of the label column when `wanted` is a number of a column that is there.
  std::size_t label_number(const std::string& wanted) const {
    const auto number = parse_integer(wanted);
    const auto count = static_cast<long long>(count_);
    if (!number || *number >= count || *number < -count) return no_column;
    return static_cast<std::size_t>(*number < 0 ? *number + count : *number);
  }

  std::size_t find_label(std::span<const std::string> fields, const std::string& wanted) const {
    if (heading_) {
      const auto found = std::find(fields.begin(), fields.end(), wanted);
      if (found != fields.end()) {
        if (std::find(found + 1, fields.end(), wanted) == fields.end()) {
          return static_cast<std::size_t>(found - fields.begin());
        }
        throw InvalidParameter(
            fmt::format("{}: more than one column is named {}; give the label column's number, "
                        "counted from 0",
                        name_, files::quote(wanted)));
      }
    }
    if (const std::size_t number = label_number(wanted); number != no_column) return number;
    throw InvalidParameter(fmt::format("{}: there is no column {}; valid: {}, or a number from {} to {}", name_,
                                       files::quote(wanted),
                                       heading_ ? list_columns(fields) : "no name, as the file has no heading",
                                       -static_cast<long long>(count_), static_cast<long long>(count_) - 1));
  }

  float number(const CsvRow& row, std::size_t column) const {
    const std::string& field = row.fields[column];
    const auto parsed = files::parse_number(field);
    if (!parsed) files::fail(name_, place(row, column) + not_a_number(field));
    if (parsed->overflows ||
        (std::isfinite(parsed->value) && std::abs(parsed->value) > double{std::numeric_limits<float>::max()})) {
      throw InvalidInput(fmt::format("{}: {}{} is beyond float32, whose largest value is {}", name_, place(row, column),
                                     files::quote(field), std::numeric_limits<float>::max()));
    }
    return static_cast<float>(parsed->value);
  }

  std::string place(const CsvRow& row, std::size_t column) const {
    if (names_.empty()) return fmt::format("line {}, column {}: ", row.line, column);
    return fmt::format("line {}, column {} ({}): ", row.line, column, files::quote(names_[column]));
  }

  std::string not_a_number(const std::string& field) const {
    if (field.empty()) return "is empty; a number is needed";
    std::string text = files::quote(field) + " is not a number";
    for (const auto& [separator, spelt] : {std::pair{';', "';'"}, std::pair{'\t', "a tab"}, std::pair{',', "','"}}) {
      if (count_ == 1 && separator != delimiter_ && field.find(separator) != std::string::npos) {
        return text + fmt::format("; if {} separates the columns here: kernad needs ',' (.csv) or a tab (.tsv)", spelt);
      }
    }
    return text;
  }

  std::string name_;
  char delimiter_;
  std::size_t count_;  // of the file's columns, the label among them
  bool heading_ = false;
  std::size_t label_ = no_column;
  std::vector<std::string> names_;  // of all columns; empty without a heading
};

class CsvRows final : public RowSource {
 public:
  CsvRows(std::unique_ptr<files::Source> source, std::unique_ptr<CsvReader> reader, CsvColumns columns, CsvRow first)
      : RowSource(columns.shape()),
        source_(std::move(source)),
        reader_(std::move(reader)),
        columns_(std::move(columns)) {
    if (!columns_.heading()) row_ = first;
  }

  std::size_t next(std::size_t max_rows, std::span<float> values, std::vector<std::string>& labels) override {
    std::size_t count = 0;
    for (; count < max_rows; ++count) {
      if (!row_) row_ = reader_->next();
      if (!row_) break;
      columns_.read(*std::exchange(row_, {}), values.data() + count * columns(), labels);
    }
    return count;
  }

 private:
  std::unique_ptr<files::Source> source_;
  std::unique_ptr<CsvReader> reader_;
  CsvColumns columns_;
  std::optional<CsvRow> row_;  // the first row, until it has been given out
};

}  // namespace

std::unique_ptr<RowSource> csv_rows(std::unique_ptr<files::Source> source, char delimiter, const ReadOptions& options) {
  auto reader = std::make_unique<CsvReader>(*source, delimiter);
  const auto first = reader->next();
  if (!first) files::fail(source->name(), "is empty; rows of numbers are needed");
  CsvColumns columns(source->name(), delimiter, options, *first);
  return std::make_unique<CsvRows>(std::move(source), std::move(reader), std::move(columns), *first);
}

std::vector<std::uint8_t> read_csv_labels(files::Source& source, char delimiter) {
  CsvReader reader(source, delimiter);
  std::vector<std::string> texts;
  bool first = true;
  while (const auto row = reader.next()) {
    if (row->fields.size() != 1) {
      files::fail(source.name(),
                  fmt::format("line {}: {} fields; labels are one column", row->line, row->fields.size()));
    }
    if (!std::exchange(first, false) || label_value(row->fields[0])) texts.push_back(row->fields[0]);
  }
  if (first) files::fail(source.name(), "is empty; one label a row is needed");
  return parse_labels(texts, source.name());
}

}  // namespace kernad::io
