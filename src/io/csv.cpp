#include "io/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "files/message.hpp"
#include "files/number.hpp"
#include "files/text_source.hpp"
#include "io/csv_dialect.hpp"
#include "io/csv_reader.hpp"
#include "io/ending.hpp"
#include "io/json_lines_reader.hpp"
#include "io/labels.hpp"
#include "io/missing.hpp"
#include "io/text_rows.hpp"
#include "kernad/error.hpp"

namespace kernad::io {

namespace {

/// Size of the beginning of a text from which its dialect is detected.
constexpr std::size_t kAhead = 65536;

std::string_view as_chars(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The text with its beginning.
std::unique_ptr<files::PeekSource> peek_at(std::unique_ptr<files::Source> source, const ReadOptions& options) {
  const bool as_it_comes = options.as_it_comes;
  return std::make_unique<files::PeekSource>(files::as_text(std::move(source), as_it_comes), kAhead, as_it_comes);
}

/// The delimiter that a first line "sep=;" announces, as Excel writes and reads it; 0 where there is none.
char announced_delimiter(std::string_view text) {
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  return line.size() == 5 && lower_case(line.substr(0, 4)) == "sep=" ? line[4] : '\0';
}

bool reads_as_number(std::string_view field) {
  return files::parse_number(field).has_value() || files::parse_number(field, ',').has_value();
}

/// Returns a heading before the rows of a reader whose first row has already been read; skips comments below.
class HeadedReader final : public TextReader {
 public:
  HeadedReader(std::unique_ptr<TextReader> reader, std::vector<std::string> heading, std::vector<std::string> first,
               std::uint64_t line)
      : reader_(std::move(reader)), heading_(std::move(heading)), first_(std::move(first)), line_(line) {}

  std::optional<TextRow> next() override {
    if (given_ == 2) return next_below();
    const bool is_heading = given_++ == 0;
    const auto& texts = is_heading ? heading_ : first_;
    fields_.assign(texts.begin(), texts.end());
    return TextRow{fields_, is_heading ? line_ - 1 : line_};
  }

  [[nodiscard]] std::span<const PlainLines> plain_lines(std::size_t max_count) override {
    if (given_ < 2) return {};
    return reader_->plain_lines(max_count);
  }

  [[nodiscard]] std::size_t comments() const override { return comments_ + reader_->comments(); }
  [[nodiscard]] bool has_arrived() const override { return given_ < 2 || reader_->has_arrived(); }

 private:
  std::optional<TextRow> next_below() {
    auto row = reader_->next();
    for (; row && is_comment(row->fields, first_); row = reader_->next()) ++comments_;
    return row;
  }

  std::unique_ptr<TextReader> reader_;
  std::vector<std::string> heading_;
  std::vector<std::string> first_;
  std::vector<std::string_view> fields_;  // of one of them
  std::uint64_t line_;
  std::size_t comments_ = 0;
  int given_ = heading_.empty() ? 1 : 0;
};

/// The fields of the comment above a row if they may be column names, as numpy.savetxt writes them; else empty. Throws
/// ReadError if the comment looks like a row itself.
std::vector<std::string> heading_in(const std::string& comment, char delimiter, const std::string& source,
                                    const TextRow& row) {
  if (comment.empty() || !std::any_of(row.fields.begin(), row.fields.end(), reads_as_number)) return {};
  files::MemorySource text(source, std::as_bytes(std::span(comment).subspan(1)));
  CsvReader reader(text, delimiter);
  std::vector<std::string> names;
  try {
    const auto fields = reader.next();
    if (!fields || fields->fields.size() != row.fields.size() || row.fields.size() < 2) return {};
    names.assign(fields->fields.begin(), fields->fields.end());
  } catch (const ReadError&) {
    return {};
  }
  if (std::none_of(names.begin() + 1, names.end(), reads_as_number)) return names;
  files::fail(source, fmt::format("line {}: begins with #, as a comment does, and has numbers in as many fields as the "
                                  "rows; whether it is one of them is not clear",
                                  row.line - 1));
}

}  // namespace

bool is_comment(std::span<const std::string_view> fields, std::span<const std::string> first) {
  if (!fields[0].starts_with('#') || first[0].starts_with('#')) return false;
  if (fields.size() != first.size()) return true;
  const auto has_value = [](std::string_view field) { return reads_as_number(field) || is_missing(field); };
  return !reads_as_number(fields[0].substr(1)) && std::ranges::none_of(fields, has_value);
}

std::unique_ptr<RowSource> csv_rows(std::unique_ptr<files::Source> source, char delimiter, const ReadOptions& options) {
  auto peek = peek_at(std::move(source), options);
  const char announced = announced_delimiter(as_chars(peek->ahead()));
  if (options.delimiter != '\0' || announced != '\0') {
    delimiter = options.delimiter != '\0' ? options.delimiter : announced;
  } else {
    delimiter = find_delimiter(as_chars(peek->ahead()), peek->is_whole(), delimiter, options.decimal);
  }
  std::unique_ptr<TextReader> reader = std::make_unique<CsvReader>(*peek, delimiter);
  auto first = reader->next();
  if (announced != '\0') first = reader->next();
  if (!first) files::fail(peek->name(), "is empty; rows of numbers are needed");
  const std::string& comment = static_cast<const CsvReader&>(*reader).comment();
  std::vector<std::string> heading;
  if (options.header == CsvHeader::detect) heading = heading_in(comment, delimiter, peek->name(), *first);
  std::vector<std::string> fields(first->fields.begin(), first->fields.end());
  const std::uint64_t line = first->line;
  auto headed = std::make_unique<HeadedReader>(std::move(reader), heading, std::move(fields), line);
  ReadOptions as_found = options;
  as_found.delimiter = delimiter;
  if (!heading.empty()) as_found.header = CsvHeader::present;
  return text_rows(std::move(peek), std::move(headed), as_found);
}

std::unique_ptr<RowSource> json_lines_rows(std::unique_ptr<files::Source> source, const ReadOptions& options) {
  auto text = files::as_text(std::move(source), options.as_it_comes);
  auto reader = std::make_unique<JsonLinesReader>(*text);
  ReadOptions as_json = options;
  as_json.header = reader->has_heading() ? CsvHeader::present : CsvHeader::absent;
  as_json.decimal = DecimalMark::point;
  as_json.delimiter = '\0';
  return text_rows(std::move(text), std::move(reader), as_json);
}

std::unique_ptr<RowSource> csv_or_json_rows(std::unique_ptr<files::Source> source, const ReadOptions& options) {
  auto peek = peek_at(std::move(source), options);
  const std::string_view text = as_chars(peek->ahead());
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool json = first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
  return json ? json_lines_rows(std::move(peek), options) : csv_rows(std::move(peek), ',', options);
}

std::vector<std::uint8_t> read_text_labels(TextReader& reader, const std::string& source, const LabelOptions& options) {
  std::vector<std::string> texts;
  while (const auto row = reader.next()) {
    if (row->fields.size() != 1) {
      files::fail(source, fmt::format("line {}: {} fields; labels are one column", row->line, row->fields.size()));
    }
    texts.emplace_back(row->fields[0]);
  }
  if (texts.empty()) files::fail(source, "is empty; one label a row is needed");
  return parse_label_column(std::move(texts), source, options);
}

std::vector<std::uint8_t> read_csv_labels(std::unique_ptr<files::Source> source, char delimiter,
                                          const LabelOptions& options) {
  const auto text = files::as_text(std::move(source));
  CsvReader reader(*text, delimiter);
  return read_text_labels(reader, text->name(), options);
}

std::vector<std::uint8_t> read_json_labels(std::unique_ptr<files::Source> source, const LabelOptions& options) {
  const auto text = files::as_text(std::move(source));
  JsonLinesReader reader(*text);
  LabelOptions as_json = options;
  as_json.header = reader.has_heading() ? CsvHeader::present : CsvHeader::absent;
  return read_text_labels(reader, text->name(), as_json);
}

}  // namespace kernad::io
