// The lines of a .csv or .tsv, split into fields by libcsv: quotes as in RFC 4180, and strict about them.
#pragma once

#include <csv.h>

#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "files/source.hpp"

namespace kernad::io {

/// The fields of one row, without blanks around those that are not quoted, and the line (from 1) on which it begins.
struct CsvRow {
  std::span<const std::string> fields;
  std::uint64_t line;
};

/// Rows that are not blank, one a call. A row ends at \n, \r or \r\n, or with the file. A UTF-8 byte order mark is
/// passed over.
class CsvReader {
 public:
  /// `source` must outlive it.
  CsvReader(files::Source& source, char delimiter);
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;
  ~CsvReader();

  /// The next row, valid until the next call; none at the end. Throws ReadError, with the line, for quotes out of
  /// place.
  [[nodiscard]] std::optional<CsvRow> next();

 private:
  bool fill();
  void parse_line();
  void finish();
  void parse(std::string_view piece);
  void count_line(char last);
  std::uint64_t next_row_line() const;

  template <typename Action>
  void guarded(Action action) noexcept;
  void rethrow();
  static void on_field(void* text, std::size_t size, void* self);
  static void on_row(int, void* self);

  files::Source& source_;
  csv_parser parser_;
  std::vector<char> buffer_;
  std::string_view text_;            // of the buffer, what has not been parsed yet
  std::vector<std::string> fields_;  // grows only; the strings are used again for the next row
  std::size_t count_ = 0;            // fields of the current row
  bool has_row_ = false;             // the current row is complete
  bool finished_ = false;
  std::uint64_t line_ = 1;
  std::uint64_t row_line_ = 1;
  std::uint64_t last_row_line_ = 0;
  bool after_return_ = false;
  std::exception_ptr error_;
};

}  // namespace kernad::io
