#include "io/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "io/csv_reader.hpp"
#include "io/labels.hpp"
#include "io/message.hpp"
#include "io/number.hpp"
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
  constexpr std::size_t most = 20;
  std::string list;
  for (const std::string& name : names.first(std::min(names.size(), most))) {
    if (!list.empty()) list += ", ";
    list += quote(name);
  }
  return names.size() > most ? list + fmt::format(" and {} more", names.size() - most) : list;
}

class TableBuilder {
 public:
  TableBuilder(std::string name, char delimiter, const ReadOptions& options)
      : name_(std::move(name)), delimiter_(delimiter), options_(options) {}

  void add(const CsvRow& row) {
    if (columns_ == 0 && begin(row)) return;
    if (row.fields.size() != columns_) {
      fail(name_, fmt::format("line {}: {} fields where the first row has {}", row.line, row.fields.size(), columns_));
    }
    for (std::size_t i = 0; i < columns_; ++i) {
      if (i == label_) {
        table_.labels.push_back(row.fields[i]);
      } else {
        values_.push_back(number(row, i));
      }
    }
    ++rows_;
  }

  Table finish() {
    if (columns_ == 0) fail(name_, "is empty; rows of numbers are needed");
    table_.features = Embeddings(std::move(values_), rows_, columns_ - (label_ < columns_ ? 1 : 0));
    return std::move(table_);
  }

 private:
  static constexpr std::size_t no_column = std::numeric_limits<std::size_t>::max();

  // Learns from the first row what the columns are. True when it is a heading and not data.
  bool begin(const CsvRow& row) {
    columns_ = row.fields.size();
    const bool heading = is_heading(row);
    if (!options_.label_column.empty()) label_ = find_label(row.fields, heading);
    if (!heading) return false;
    names_.assign(row.fields.begin(), row.fields.end());
    for (std::size_t i = 0; i < columns_; ++i) {
      if (i != label_) table_.column_names.push_back(names_[i]);
    }
    return true;
  }

  // A line that is partly numbers may be a heading or data with a fault in it: taken for either, it could silently lose
  // a row or a column's meaning.
  bool is_heading(const CsvRow& row) const {
    if (options_.header != CsvHeader::detect) return options_.header == CsvHeader::present;
    // A label may be a text in a row of data as well: in its column only what is no label tells a heading.
    const std::size_t label = label_number();
    std::size_t numbers = 0;
    std::size_t text = no_column;
    for (std::size_t i = 0; i < row.fields.size(); ++i) {
      const std::string& field = row.fields[i];
      if (field.empty() || (i == label && label_value(field))) continue;
      if (parse_number(field)) {
        ++numbers;
      } else if (field == options_.label_column) {
        return true;  // it is announced as a column's name
      } else if (text == no_column) {
        text = i;
      }
    }
    if (text == no_column) return false;
    if (numbers == 0) return true;
    fail(name_, fmt::format("line {}, column {}: {} is not a number, but {} other fields of the line are; if it is a "
                            "heading, say so (header: present), and if not, too (absent)",
                            row.line, text, quote(row.fields[text]), numbers));
  }

  // The number of the label column when label_column is a number of a column that is there.
  std::size_t label_number() const {
    const auto number = parse_integer(options_.label_column);
    const auto count = static_cast<long long>(columns_);
    if (!number || *number >= count || *number < -count) return no_column;
    return static_cast<std::size_t>(*number < 0 ? *number + count : *number);
  }

  std::size_t find_label(std::span<const std::string> fields, bool heading) const {
    const std::string& wanted = options_.label_column;
    if (heading) {
      const auto found = std::find(fields.begin(), fields.end(), wanted);
      if (found != fields.end()) {
        if (std::find(found + 1, fields.end(), wanted) == fields.end()) {
          return static_cast<std::size_t>(found - fields.begin());
        }
        throw InvalidParameter(
            fmt::format("{}: more than one column is named {}; give the label column's number, "
                        "counted from 0",
                        name_, quote(wanted)));
      }
    }
    if (const std::size_t number = label_number(); number != no_column) return number;
    throw InvalidParameter(fmt::format("{}: there is no column {}; valid: {}, or a number from {} to {}", name_,
                                       quote(wanted),
                                       heading ? list_columns(fields) : "no name, as the file has no heading",
                                       -static_cast<long long>(columns_), static_cast<long long>(columns_) - 1));
  }

  float number(const CsvRow& row, std::size_t column) const {
    const std::string& field = row.fields[column];
    const auto parsed = parse_number(field);
    if (!parsed) fail(name_, place(row, column) + not_a_number(field));
    if (parsed->overflows ||
        (std::isfinite(parsed->value) && std::abs(parsed->value) > double{std::numeric_limits<float>::max()})) {
      throw InvalidInput(fmt::format("{}: {}{} is beyond float32, whose largest value is {}", name_, place(row, column),
                                     quote(field), std::numeric_limits<float>::max()));
    }
    return static_cast<float>(parsed->value);
  }

  std::string place(const CsvRow& row, std::size_t column) const {
    if (names_.empty()) return fmt::format("line {}, column {}: ", row.line, column);
    return fmt::format("line {}, column {} ({}): ", row.line, column, quote(names_[column]));
  }

  std::string not_a_number(const std::string& field) const {
    if (field.empty()) return "is empty; a number is needed";
    std::string text = quote(field) + " is not a number";
    for (const auto& [separator, spelt] : {std::pair{';', "';'"}, std::pair{'\t', "a tab"}, std::pair{',', "','"}}) {
      if (columns_ == 1 && separator != delimiter_ && field.find(separator) != std::string::npos) {
        return text + fmt::format("; if {} separates the columns here: kernad needs ',' (.csv) or a tab (.tsv)", spelt);
      }
    }
    return text;
  }

  std::string name_;
  char delimiter_;
  const ReadOptions& options_;
  std::size_t columns_ = 0;  // of the file, the label among them; 0 before the first row
  std::size_t label_ = no_column;
  std::vector<std::string> names_;  // of all columns; empty without a heading
  std::vector<float> values_;
  std::size_t rows_ = 0;
  Table table_;
};

}  // namespace

Table read_csv_table(Source& source, char delimiter, const ReadOptions& options) {
  TableBuilder builder(source.name(), delimiter, options);
  read_csv_rows(source, delimiter, [&](const CsvRow& row) { builder.add(row); });
  return builder.finish();
}

std::vector<std::uint8_t> read_csv_labels(Source& source, char delimiter) {
  std::vector<std::string> texts;
  bool first = true;
  read_csv_rows(source, delimiter, [&](const CsvRow& row) {
    if (row.fields.size() != 1) {
      fail(source.name(), fmt::format("line {}: {} fields; labels are one column", row.line, row.fields.size()));
    }
    if (!std::exchange(first, false) || label_value(row.fields[0])) texts.push_back(row.fields[0]);
  });
  if (first) fail(source.name(), "is empty; one label a row is needed");
  return parse_labels(texts, source.name());
}

}  // namespace kernad::io
