#include "io/csv_reader.hpp"

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <new>
#include <string_view>
#include <vector>

#include "io/message.hpp"

namespace kernad::io {
namespace {

class CsvReader {
 public:
  CsvReader(const std::string& name, char delimiter, const std::function<void(const CsvRow&)>& take)
      : name_(name), take_(take) {
    if (csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
    csv_set_delim(&parser_, static_cast<unsigned char>(delimiter));
    csv_set_blk_size(&parser_, 4096);
  }
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;
  ~CsvReader() { csv_free(&parser_); }

  // libcsv counts no lines: the text is handed over in pieces that end with a line, which are counted here.
  void feed(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find_first_of("\r\n");
      const std::string_view piece = text.substr(0, end == std::string_view::npos ? end : end + 1);
      parse(piece);
      count_line(piece.back());
      text.remove_prefix(piece.size());
    }
  }

  void finish() {
    const int failed = csv_fini(&parser_, on_field, on_row, this);
    rethrow();
    if (failed == 0) return;
    if (csv_error(&parser_) != CSV_EPARSE) throw std::bad_alloc();
    fail(name_, fmt::format("line {}: the file ends inside a quoted field that begins here or below", next_row_line()));
  }

 private:
  void parse(std::string_view piece) {
    const std::size_t done = csv_parse(&parser_, piece.data(), piece.size(), on_field, on_row, this);
    rethrow();
    if (done == piece.size()) return;
    if (csv_error(&parser_) != CSV_EPARSE) throw std::bad_alloc();
    fail(name_, fmt::format("line {}: a quote is out of place; a quoted field is \"...\", with \"\" for a quote in it",
                            line_));
  }

  void count_line(char last) {
    if (last == '\r' || (last == '\n' && !after_return_)) ++line_;
    after_return_ = last == '\r';
  }

  // Where the row began whose first field is not complete yet.
  std::uint64_t next_row_line() const { return count_ == 0 ? last_row_line_ + 1 : row_line_; }

  // Exceptions must not pass through libcsv, which is C: they wait here until it has returned.
  template <typename Action>
  void guarded(Action action) noexcept {
    if (error_) return;
    try {
      action();
    } catch (...) {
      error_ = std::current_exception();
    }
  }

  void rethrow() {
    if (error_) std::rethrow_exception(error_);
  }

  static void on_field(void* text, std::size_t size, void* self) {
    static_cast<CsvReader*>(self)->guarded([&] {
      static_cast<CsvReader*>(self)->add_field({static_cast<const char*>(text), size});
    });
  }

  static void on_row(int, void* self) {
    static_cast<CsvReader*>(self)->guarded([&] { static_cast<CsvReader*>(self)->end_row(); });
  }

  void add_field(std::string_view text) {
    if (count_ == 0) row_line_ = line_;
    if (count_ == fields_.size()) fields_.emplace_back();
    fields_[count_++].assign(text);
  }

  void end_row() {
    take_({std::span(fields_).first(count_), row_line_});
    count_ = 0;
    last_row_line_ = line_;
  }

  const std::string& name_;
  const std::function<void(const CsvRow&)>& take_;
  csv_parser parser_;
  std::vector<std::string> fields_;  // grows only; the strings are used again for the next row
  std::size_t count_ = 0;
  std::uint64_t line_ = 1;
  std::uint64_t row_line_ = 1;
  std::uint64_t last_row_line_ = 0;
  bool after_return_ = false;
  std::exception_ptr error_;
};

}  // namespace

void read_csv_rows(Source& source, char delimiter, const std::function<void(const CsvRow&)>& take) {
  CsvReader reader(source.name(), delimiter, take);
  std::vector<char> buffer(65536);
  bool first = true;
  for (;;) {
    const std::size_t got = source.read(std::as_writable_bytes(std::span(buffer)));
    if (got == 0) break;
    std::string_view text(buffer.data(), got);
    if (first && text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    first = false;
    reader.feed(text);
  }
  reader.finish();
}

}  // namespace kernad::io
