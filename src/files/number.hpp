// Numbers written as text, the same in every locale.
#pragma once

#include <optional>
#include <string_view>

namespace kernad::files {

struct TextNumber {
  double value = 0;
  bool overflows = false;  ///< a finite number beyond double; `value` is then 0
};

/// Reads `text` as one decimal number, nan or inf; none if it is anything else. Blanks around it and a leading '+' are
/// allowed; a number too small for double is zero. decimal_mark: '.' or ','; the other one is not part of a number.
[[nodiscard]] std::optional<TextNumber> parse_number(std::string_view text, char decimal_mark = '.');

/// `text` without the blanks and tabs around it.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

}  // namespace kernad::files
