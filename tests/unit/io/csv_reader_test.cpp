// Lines without quotes are split here; libcsv, which has the others, would split them alike.
#include "io/csv_reader.hpp"

#include <gtest/gtest.h>

#include <random>

#include "kernad/error.hpp"
#include "support/bytes.hpp"

namespace kernad::csv_reader_test {
namespace {

struct Row {
  std::vector<std::string> fields;
  std::uint64_t line;
  friend bool operator==(const Row&, const Row&) = default;
};

/// Gives a byte at a time, as a slow pipe may: no piece of the text is a whole line, and libcsv gets all of it.
class SlowSource final : public files::Source {
 public:
  explicit SlowSource(const std::string& text) : Source("a", text.size()), text_(text) {}

 private:
  std::size_t read_some(std::span<std::byte> out) override {
    if (at_ == text_.size()) return 0;
    out[0] = static_cast<std::byte>(text_[at_++]);
    return 1;
  }

  const std::string& text_;
  std::size_t at_ = 0;
};

/// The rows, and in the end the message of what is wrong.
std::vector<Row> rows_of(files::Source& source, char delimiter) {
  io::CsvReader reader(source, delimiter);
  std::vector<Row> rows;
  try {
    while (const auto row = reader.next()) rows.push_back({{row->fields.begin(), row->fields.end()}, row->line});
  } catch (const ReadError& error) {
    rows.push_back({{error.what()}, 0});
  }
  return rows;
}

/// The same, taking plain lines where there are any.
std::vector<Row> plain_rows_of(files::Source& source, char delimiter, std::size_t max_count) {
  io::CsvReader reader(source, delimiter);
  std::vector<Row> rows;
  std::vector<std::string_view> fields;
  try {
    for (;;) {
      const auto pieces = reader.plain_lines(max_count);
      for (const auto& [text, first] : pieces) {
        std::uint64_t line = first;
        for (std::size_t begin = 0; begin < text.size(); ++line) {
          const std::size_t end = text.find('\n', begin);
          std::string_view piece = text.substr(begin, end - begin);
          if (piece.ends_with('\r')) piece.remove_suffix(1);
          if (io::split_line(piece, delimiter, fields)) rows.push_back({{fields.begin(), fields.end()}, line});
          begin = end + 1;
        }
      }
      if (!pieces.empty()) continue;
      const auto row = reader.next();
      if (!row) return rows;
      rows.push_back({{row->fields.begin(), row->fields.end()}, row->line});
    }
  } catch (const ReadError& error) {
    rows.push_back({{error.what()}, 0});
  }
  return rows;
}

std::string random_text(std::mt19937& random, std::string_view alphabet) {
  std::string text;
  for (auto length = random() % 60; length > 0; --length) text += alphabet[random() % alphabet.size()];
  return text;
}

TEST(CsvReaderTest, WholeLinesAreSplitAsLibcsvSplitsThem) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 20000; ++trial) {
    const char delimiter = ",;\t| "[random() % 5];
    const std::string text = random_text(random, trial % 2 == 0 ? "1a,;\t| \n\r#" : "1,; \t\n\r\"");
    files::MemorySource fast("a", testing::as_bytes(text));
    SlowSource slow(text);
    const auto wanted = rows_of(slow, delimiter);
    ASSERT_EQ(rows_of(fast, delimiter), wanted) << ::testing::PrintToString(text) << delimiter;
    files::MemorySource plain("a", testing::as_bytes(text));
    ASSERT_EQ(plain_rows_of(plain, delimiter, 1 + random() % 4), wanted) << ::testing::PrintToString(text) << delimiter;
  }
}

}  // namespace
}  // namespace kernad::csv_reader_test
