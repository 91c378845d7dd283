// The common interface to rows of text, in any notation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace kernad::io {

/// The fields of one row, without blanks around those that are not quoted, and the line (from 1) on which it begins.
struct TextRow {
  std::span<const std::string_view> fields;
  std::uint64_t line;
};

/// Whole lines, each with its end \n or \r\n, whose fields are those of split_line: without quotes and comments.
struct PlainLines {
  std::string_view text;
  std::uint64_t line;  ///< the number of the first
};

/// The fields of a whole line without quotes and without its end, as libcsv would split it, several times as fast;
/// false for a blank line, which is no row. They point into the line.
bool split_line(std::string_view line, char delimiter, std::vector<std::string_view>& fields);

class TextReader {
 public:
  TextReader() = default;
  TextReader(const TextReader&) = delete;
  TextReader& operator=(const TextReader&) = delete;
  virtual ~TextReader() = default;

  /// The next row, valid until the next call; none at the end. Throws ReadError, with the line, for an invalid row.
  [[nodiscard]] virtual std::optional<TextRow> next() = 0;

  /// The next lines, at most `max_count`, as far as they are plain and have been read, in pieces that are worth a
  /// thread each; valid until the next call. None: next() has to be called.
  [[nodiscard]] virtual std::span<const PlainLines> plain_lines(std::size_t /*max_count*/) { return {}; }

  /// Number of lines between the rows that were skipped as comments.
  [[nodiscard]] virtual std::size_t comments() const { return 0; }

  /// Whether the next row, or its beginning, has arrived.
  [[nodiscard]] virtual bool has_arrived() const = 0;
};

}  // namespace kernad::io
