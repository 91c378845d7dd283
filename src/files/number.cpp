#include "files/number.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

namespace kernad::files {
namespace {

// Whether a decimal number that std::from_chars found out of range is too large for double, not too small: it is if,
// once the exponent has been applied, its first digit other than 0 is before the point.
bool is_huge(std::string_view number) noexcept {
  const std::size_t e = number.find_first_of("eE");
  const std::string_view digits = number.substr(0, e);
  const auto point =
      static_cast<long long>(digits.find('.') == std::string_view::npos ? digits.size() : digits.find('.'));
  const auto first = static_cast<long long>(digits.find_first_of("123456789"));
  if (e == std::string_view::npos) return first < point;

  std::string_view text = number.substr(e + 1);
  if (text.starts_with('+')) text.remove_prefix(1);
  long long exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error != std::errc()) return !text.starts_with('-');
  return exponent > first - point;
}

}  // namespace

std::string_view trim(std::string_view text) noexcept {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<TextNumber> parse_number(std::string_view text, char decimal_mark) {
  text = trim(text);
  if (decimal_mark == ',' && text.find_first_of(".,") != std::string_view::npos) {
    if (text.find('.') != std::string_view::npos) return std::nullopt;
    std::string with_point(text);
    std::replace(with_point.begin(), with_point.end(), ',', '.');
    return parse_number(with_point);
  }
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return TextNumber{0, is_huge(text)};
  return TextNumber{value, false};
}

}  // namespace kernad::files
