// The header of a .npy file is the text of a Python dict with exactly the keys descr, fortran_order and shape, e.g.
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } padded with blanks and ended by a newline. This parser
// accepts what NumPy writes, in any order and spacing, and no other Python.
#include <fmt/format.h>

#include <charconv>

#include "files/message.hpp"
#include "io/npy.hpp"

namespace kernad::io {
namespace {

class DictParser {
 public:
  DictParser(std::string_view text, const std::string& name, std::uint64_t offset)
      : text_(text), name_(name), offset_(offset) {}

  NpyHeader parse() {
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted_string();
      expect(':');
      value(key);
      if (accept('}')) break;
      expect(',');
    }
    if (peek() != '\0' || at_ < text_.size()) fail_here("text follows the header's closing brace");
    if (!has_descr_) fail_here("the header has no 'descr'");
    if (!has_order_) fail_here("the header has no 'fortran_order'");
    if (!has_shape_) fail_here("the header has no 'shape'");
    return std::move(header_);
  }

 private:
  [[noreturn]] void fail_here(const std::string& text) const { files::fail_at(name_, offset_ + at_, text); }

  // The next character that is not blank; '\0' at the end.
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool accept(char wanted) {
    if (peek() != wanted || at_ == text_.size()) return false;
    ++at_;
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted)) fail_here(fmt::format("the header is not well formed: '{}' is needed here", wanted));
  }

  bool accept_word(std::string_view word) {
    (void)peek();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  std::string quoted_string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail_here("the header is not well formed: a quoted text is needed here");
    const std::size_t begin = at_ + 1;
    const std::size_t end = text_.find(quote, begin);
    if (end == std::string_view::npos) fail_here("the header is not well formed: a quote is not closed");
    at_ = end + 1;
    return std::string(text_.substr(begin, end - begin));
  }

  void value(const std::string& key) {
    if (key == "descr" && !has_descr_) {
      has_descr_ = true;
      descr();
    } else if (key == "fortran_order" && !has_order_) {
      has_order_ = true;
      header_.fortran_order = accept_word("True");
      if (!header_.fortran_order && !accept_word("False")) fail_here("'fortran_order' must be True or False");
    } else if (key == "shape" && !has_shape_) {
      has_shape_ = true;
      shape();
    } else {
      fail_here(fmt::format("the header's key {} is unknown or there twice; valid: descr, fortran_order, shape",
                            files::quote(key)));
    }
  }

  void descr() {
    if (peek() == '[') {
      header_.descr = bracketed();
    } else {
      header_.descr = quoted_string();
      header_.format = files::format_from_numpy(header_.descr);
    }
  }

  // The text of a list up to its closing bracket: the description of records, which kernad names in messages but does
  // not read.
  std::string bracketed() {
    const std::size_t begin = at_;
    std::size_t depth = 0;
    do {
      const char c = peek();
      if (at_ == text_.size()) fail_here("the header is not well formed: a bracket is not closed");
      if (c == '\'' || c == '"') {
        (void)quoted_string();
        continue;
      }
      if (c == '[') ++depth;
      if (c == ']') --depth;
      ++at_;
    } while (depth > 0);
    return std::string(text_.substr(begin, at_ - begin));
  }

  // A tuple of sizes: (), (3,), (3, 4), and (3L, 4L) as Python 2 wrote it.
  void shape() {
    expect('(');
    while (!accept(')')) {
      header_.shape.push_back(size());
      if (accept(')')) {
        if (header_.shape.size() == 1) fail_here("'shape' must be a tuple of sizes, as (3,) or (3, 4)");
        break;
      }
      expect(',');
    }
  }

  std::size_t size() {
    (void)peek();
    std::size_t size = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), size);
    if (error == std::errc::result_out_of_range) fail_here("a dimension of 'shape' is beyond 64 bits");
    if (error != std::errc()) fail_here("'shape' must be a tuple of sizes, none of them negative");
    at_ += static_cast<std::size_t>(end - begin);
    (void)accept_word("L");
    return size;
  }

  std::string_view text_;
  const std::string& name_;
  std::uint64_t offset_;
  std::size_t at_ = 0;
  bool has_descr_ = false;
  bool has_order_ = false;
  bool has_shape_ = false;
  NpyHeader header_;
};

}  // namespace

NpyHeader parse_npy_dict(std::string_view text, const std::string& name, std::uint64_t offset) {
  return DictParser(text, name, offset).parse();
}

}  // namespace kernad::io
