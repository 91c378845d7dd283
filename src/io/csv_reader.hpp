// The lines of a .csv or .tsv, split into fields: lines with quotes, which may go on in the next line, by
// libcsv, with strict checks of quotes (RFC 4180).
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
#include "io/text_reader.hpp"

namespace kernad::io {

/// Whether a row that begins with # is a comment: its number of fields differs from that of the `first` row, or none of
/// its fields is a value. A row whose id is #7 is not.
[[nodiscard]] bool is_comment(std::span<const std::string_view> fields, std::span<const std::string> first);

/// Returns one non-blank row per call. A row ends at \n, \r or \r\n, or with the file. A UTF-8 byte order mark is
/// skipped, and so are lines that begin with # before the first row.
class CsvReader final : public TextReader {
 public:
  /// `source` must outlive it.
  CsvReader(files::Source& source, char delimiter);
  ~CsvReader() override;

  /// Throws ReadError, with the line, for misplaced quotes.
  [[nodiscard]] std::optional<TextRow> next() override;

  /// None above the first row, or within one.
  [[nodiscard]] std::span<const PlainLines> plain_lines(std::size_t max_count) override;

  [[nodiscard]] bool has_arrived() const override { return finished_ || !text_.empty() || source_.has_arrived(); }

  /// Lines below the first row that begin with # and have a quote where no row can: they are skipped if they are
  /// comments by is_comment.
  [[nodiscard]] std::size_t comments() const override { return comments_; }

  /// The last line that was skipped above the first row because it begins with #, without its line end; empty if there
  /// is none.
  [[nodiscard]] const std::string& comment() const noexcept { return comment_; }

 private:
  bool fill();
  void read_more();
  void parse_line();
  void parse_piece(std::string_view piece);
  bool hold(std::string_view piece);
  bool has_stray_quote(std::string_view line) const;
  bool is_comment_with_quotes(std::string_view line);
  void finish();
  void parse(std::string_view piece);
  void take_fields();
  void count_line(std::string_view piece);
  bool skip_comment(std::string_view piece);
  std::uint64_t next_row_line() const;

  template <typename Action>
  void guarded(Action action) noexcept;
  void rethrow();
  static void on_field(void* text, std::size_t size, void* self);
  static void on_row(int, void* self);

  files::Source& source_;
  char delimiter_;
  csv_parser parser_;
  std::vector<char> buffer_;
  std::string_view text_;              // the part of the buffer that has not been parsed yet
  std::vector<std::string> fields_;    // of libcsv; never shrinks: the strings are reused for the next row
  std::size_t count_ = 0;              // of them, in the current row
  std::vector<std::string_view> row_;  // the fields of the current row, once it is complete
  bool has_row_ = false;               // the current row is complete
  std::vector<PlainLines> pieces_;     // as returned
  std::string whole_;                  // a line that was held, for row_
  std::string held_;                   // the beginning of a line that begins with #
  std::size_t comments_ = 0;
  std::vector<std::string> first_;  // the first row
  bool mid_row_ = false;            // libcsv has the beginning of a row
  bool finished_ = false;
  std::uint64_t line_ = 1;
  std::uint64_t row_line_ = 1;
  std::uint64_t last_row_line_ = 0;
  bool after_return_ = false;
  bool before_rows_ = true;  // nothing but blank lines and comments so far
  bool at_line_begin_ = true;
  bool in_comment_ = false;
  std::string comment_;
  std::exception_ptr error_;
};

}  // namespace kernad::io
