// The common interface to rows of text, in any notation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace kernad::io {

/// The fields of one row, without blanks around those that are not quoted, and the line (from 1) on which it begins.
struct TextRow {
  std::span<const std::string> fields;
  std::uint64_t line;
};

class TextReader {
 public:
  TextReader() = default;
  TextReader(const TextReader&) = delete;
  TextReader& operator=(const TextReader&) = delete;
  virtual ~TextReader() = default;

  /// The next row, valid until the next call; none at the end. Throws ReadError, with the line, for an invalid row.
  [[nodiscard]] virtual std::optional<TextRow> next() = 0;

  /// Number of lines between the rows that were skipped as comments.
  [[nodiscard]] virtual std::size_t comments() const { return 0; }

  /// Whether the next row, or its beginning, has arrived.
  [[nodiscard]] virtual bool has_arrived() const = 0;
};

}  // namespace kernad::io
