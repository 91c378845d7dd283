#include "io/csv_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

#include "files/message.hpp"

namespace kernad::io {

CsvReader::CsvReader(files::Source& source, char delimiter) : source_(source), delimiter_(delimiter), buffer_(65536) {
  if (csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
  csv_set_delim(&parser_, static_cast<unsigned char>(delimiter));
  csv_set_blk_size(&parser_, 4096);
}

CsvReader::~CsvReader() { csv_free(&parser_); }

std::optional<TextRow> CsvReader::next() {
  if (has_row_) count_ = 0;
  has_row_ = false;
  while (!has_row_ && !finished_) {
    if (!text_.empty() || fill()) {
      parse_line();
    } else {
      finish();
    }
  }
  if (!has_row_) return std::nullopt;
  return TextRow{std::span(fields_).first(count_), row_line_};
}

bool CsvReader::fill() {
  const bool first = source_.position() == 0;
  const std::size_t got = source_.read_arrived(std::as_writable_bytes(std::span(buffer_)));
  text_ = {buffer_.data(), got};
  if (first && text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
  return got != 0;
}

// libcsv does not count lines: it gets the text in pieces of one line, which are counted here. A piece therefore
// completes at most one row.
void CsvReader::parse_line() {
  if (text_.empty()) return;                                       // the file is a byte order mark and nothing else
  std::string_view piece = text_.substr(0, text_.find('\n') + 1);  // npos + 1 is 0
  if (piece.empty()) piece = text_;
  if (const std::size_t at = piece.find('\r'); at != std::string_view::npos) piece = piece.substr(0, at + 1);
  if (!skip_comment(piece) && !hold(piece)) {
    parse_piece(held_.empty() ? piece : std::string_view(held_));
    held_.clear();
  }
  count_line(piece);
  text_.remove_prefix(piece.size());
}

/// Whether the piece, with what is held, is the beginning of a line that begins with #, which is kept until it is
/// whole.
bool CsvReader::hold(std::string_view piece) {
  if (held_.empty() && (mid_row_ || piece[0] != '#')) return false;
  const bool is_whole = piece.back() == '\n' || piece.back() == '\r';
  if (!is_whole || !held_.empty()) held_ += piece;
  return !is_whole;
}

void CsvReader::parse_piece(std::string_view piece) {
  const bool is_whole = !mid_row_ && (piece.back() == '\n' || piece.back() == '\r');
  if (is_whole && piece.find('"') == std::string_view::npos) {
    split(piece.substr(0, piece.size() - 1));
  } else if (is_comment_with_quotes(piece)) {
    ++comments_;
  } else {
    parse(piece);
    mid_row_ = !has_row_;
  }
  if (has_row_ && first_.empty()) first_.assign(fields_.begin(), fields_.begin() + static_cast<std::ptrdiff_t>(count_));
}

/// Whether the line has a quote within a field, or text behind a quoted one.
bool CsvReader::has_stray_quote(std::string_view line) const {
  bool quoted = false;   // within "..."
  bool at_begin = true;  // of a field
  bool behind = false;   // a quoted field
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      if (c != '"') continue;
      if (i + 1 < line.size() && line[i + 1] == '"') {
        ++i;
      } else {
        quoted = false;
        behind = true;
      }
    } else if (c == delimiter_) {
      at_begin = true;
      behind = false;
    } else if (c == '"') {
      if (!at_begin || behind) return true;
      quoted = true;
      at_begin = false;
    } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
      if (behind) return true;
      at_begin = false;
    }
  }
  return false;
}

/// Whether the line, which no row can be, is a comment below the first row.
bool CsvReader::is_comment_with_quotes(std::string_view line) {
  if (mid_row_ || first_.empty() || line[0] != '#' || !has_stray_quote(line)) return false;
  split(line.substr(0, line.find_last_not_of("\r\n") + 1));
  const bool found = is_comment(std::span(fields_).first(count_), first_);
  count_ = 0;
  has_row_ = false;
  return found;
}

/// A whole line without quotes, as libcsv would split it, several times as fast.
void CsvReader::split(std::string_view line) {
  const auto is_blank = [this](char c) { return (c == ' ' || c == '\t') && c != delimiter_; };
  if (std::all_of(line.begin(), line.end(), is_blank)) return;
  for (;;) {
    const std::size_t end = line.find(delimiter_);
    std::string_view field = line.substr(0, end);
    while (!field.empty() && is_blank(field.front())) field.remove_prefix(1);
    while (!field.empty() && is_blank(field.back())) field.remove_suffix(1);
    if (count_ == fields_.size()) fields_.emplace_back();
    fields_[count_++].assign(field);
    if (end == std::string_view::npos) break;
    line.remove_prefix(end + 1);
  }
  has_row_ = true;
  row_line_ = last_row_line_ = line_;
}

/// Whether the piece is a comment, or continues one.
bool CsvReader::skip_comment(std::string_view piece) {
  if (!before_rows_) return false;
  const bool ends = piece.back() == '\n' || piece.back() == '\r';
  if (std::exchange(at_line_begin_, ends)) {
    in_comment_ = piece[0] == '#';
    if (in_comment_) comment_.clear();
  }
  if (in_comment_) {
    comment_ += piece.substr(0, piece.size() - (ends ? 1 : 0));
  } else {
    before_rows_ = piece.find_first_not_of(" \t\r\n") == std::string_view::npos;
  }
  return in_comment_;
}

void CsvReader::finish() {
  finished_ = true;
  if (!held_.empty()) parse_piece(std::exchange(held_, {}));
  const int failed = csv_fini(&parser_, on_field, on_row, this);
  rethrow();
  if (failed == 0) return;
  if (csv_error(&parser_) != CSV_EPARSE) throw std::bad_alloc();
  files::fail(source_.name(),
              fmt::format("line {}: the file ends inside a quoted field that begins here or below", next_row_line()));
}

void CsvReader::parse(std::string_view piece) {
  const std::size_t done = csv_parse(&parser_, piece.data(), piece.size(), on_field, on_row, this);
  rethrow();
  if (done == piece.size()) return;
  if (csv_error(&parser_) != CSV_EPARSE) throw std::bad_alloc();
  files::fail(source_.name(),
              fmt::format("line {}: a quote is out of place; a quoted field is \"...\", with \"\" for a "
                          "quote in it",
                          line_));
}

void CsvReader::count_line(std::string_view piece) {
  const bool ends_return = after_return_ && piece == "\n";
  if (piece.back() == '\r' || (piece.back() == '\n' && !ends_return)) ++line_;
  after_return_ = piece.back() == '\r';
}

// The line on which the row begins whose first field is still incomplete.
std::uint64_t CsvReader::next_row_line() const { return count_ == 0 ? last_row_line_ + 1 : row_line_; }

// Exceptions must not pass through libcsv, which is C: they are kept here until it has returned.
template <typename Action>
void CsvReader::guarded(Action action) noexcept {
  if (error_) return;
  try {
    action();
  } catch (...) {
    error_ = std::current_exception();
  }
}

void CsvReader::rethrow() {
  if (error_) std::rethrow_exception(error_);
}

void CsvReader::on_field(void* text, std::size_t size, void* self) {
  auto& reader = *static_cast<CsvReader*>(self);
  reader.guarded([&] {
    if (reader.count_ == 0) reader.row_line_ = reader.line_;
    if (reader.count_ == reader.fields_.size()) reader.fields_.emplace_back();
    reader.fields_[reader.count_++].assign(static_cast<const char*>(text), size);
  });
}

void CsvReader::on_row(int, void* self) {
  auto& reader = *static_cast<CsvReader*>(self);
  reader.has_row_ = true;
  reader.last_row_line_ = reader.line_;
}

}  // namespace kernad::io
