#include "io/csv_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

#include "files/message.hpp"

namespace kernad::io {
namespace {

/// What is read ahead of plain lines: enough to be worth several threads.
constexpr std::size_t kBlock = std::size_t{1} << 19;
constexpr std::size_t kPiece = std::size_t{1} << 15;

bool is_plain(std::string_view line) {
  if (line.find('"') != std::string_view::npos) return false;
  const std::size_t first = line.find_first_not_of(" \t");
  if (first != std::string_view::npos && line[first] == '#') return false;
  return line.substr(0, line.size() - (line.ends_with('\r') ? 1 : 0)).find('\r') == std::string_view::npos;
}

}  // namespace

bool split_line(std::string_view line, char delimiter, std::vector<std::string_view>& fields) {
  fields.clear();
  const auto is_blank = [delimiter](char c) { return (c == ' ' || c == '\t') && c != delimiter; };
  if (std::ranges::all_of(line, is_blank)) return false;
  for (;;) {
    const std::size_t end = line.find(delimiter);
    std::string_view field = line.substr(0, end);
    while (!field.empty() && is_blank(field.front())) field.remove_prefix(1);
    while (!field.empty() && is_blank(field.back())) field.remove_suffix(1);
    fields.push_back(field);
    if (end == std::string_view::npos) return true;
    line.remove_prefix(end + 1);
  }
}

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
  return TextRow{row_, row_line_};
}

std::span<const PlainLines> CsvReader::plain_lines(std::size_t max_count) {
  if (mid_row_ || before_rows_ || finished_ || !held_.empty()) return {};
  if (text_.find('\n') == std::string_view::npos) read_more();
  if (after_return_ && text_.starts_with('\n')) {  // the second half of a line end
    count_line(text_.substr(0, 1));
    text_.remove_prefix(1);
  }
  pieces_.clear();
  std::string_view piece = text_.substr(0, 0);
  std::uint64_t first = line_;
  for (std::size_t count = 0; count < max_count; ++count) {
    const std::size_t end = text_.find('\n');
    if (end == std::string_view::npos || !is_plain(text_.substr(0, end))) break;
    const bool is_row = text_.find_first_not_of(" \t\r") < end || text_.find(delimiter_) < end;
    if (is_row) last_row_line_ = line_;
    piece = {piece.data(), piece.size() + end + 1};
    text_.remove_prefix(end + 1);
    ++line_;
    after_return_ = false;
    if (piece.size() < kPiece) continue;
    pieces_.push_back({piece, std::exchange(first, line_)});
    piece = text_.substr(0, 0);
  }
  if (!piece.empty()) pieces_.push_back({piece, first});
  return pieces_;
}

/// Reads what has arrived behind the text that is left, as far as the buffer has room.
void CsvReader::read_more() {
  std::copy(text_.begin(), text_.end(), buffer_.begin());
  const std::size_t kept = text_.size();
  buffer_.resize(std::max(buffer_.size(), kBlock));
  const std::size_t got = source_.read_arrived(std::as_writable_bytes(std::span(buffer_).subspan(kept)));
  text_ = {buffer_.data(), kept + got};
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
    whole_ = std::exchange(held_, {});
    parse_piece(whole_.empty() ? piece : std::string_view(whole_));
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
    has_row_ = split_line(piece.substr(0, piece.size() - 1), delimiter_, row_);
    if (has_row_) row_line_ = last_row_line_ = line_;
  } else if (is_comment_with_quotes(piece)) {
    ++comments_;
  } else {
    parse(piece);
    mid_row_ = !has_row_;
  }
  if (has_row_ && first_.empty()) first_.assign(row_.begin(), row_.end());
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
  return split_line(line.substr(0, line.find_last_not_of("\r\n") + 1), delimiter_, row_) && is_comment(row_, first_);
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
  take_fields();
  if (failed == 0) return;
  if (csv_error(&parser_) != CSV_EPARSE) throw std::bad_alloc();
  files::fail(source_.name(),
              fmt::format("line {}: the file ends inside a quoted field that begins here or below", next_row_line()));
}

void CsvReader::parse(std::string_view piece) {
  const std::size_t done = csv_parse(&parser_, piece.data(), piece.size(), on_field, on_row, this);
  rethrow();
  take_fields();
  if (done == piece.size()) return;
  if (csv_error(&parser_) != CSV_EPARSE) throw std::bad_alloc();
  files::fail(source_.name(),
              fmt::format("line {}: a quote is out of place; a quoted field is \"...\", with \"\" for a "
                          "quote in it",
                          line_));
}

void CsvReader::take_fields() {
  if (has_row_) row_.assign(fields_.begin(), fields_.begin() + static_cast<std::ptrdiff_t>(count_));
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
