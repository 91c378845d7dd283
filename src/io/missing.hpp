// What stands where there is no value.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "files/number.hpp"
#include "io/ending.hpp"

namespace kernad::io {

/// What spreadsheets, pandas, R and SQL write where there is no value; nan is a number, and NaN.
[[nodiscard]] inline bool is_missing(std::string_view field) {
  constexpr std::array<std::string_view, 11> words = {"",     "na",   "n/a",     "#n/a", "<na>", "nat",
                                                      "null", "none", "missing", "?",    "-"};
  constexpr std::size_t longest = 7;
  return field.size() <= longest && std::find(words.begin(), words.end(), lower_case(field)) != words.end();
}

/// The same of a label, which is no number and may be unknown.
[[nodiscard]] inline bool is_missing_label(std::string_view text) {
  constexpr std::array<std::string_view, 6> words = {"nan", "unknown", "unlabeled", "unlabelled", "undefined", "n.a."};
  text = files::trim(text);
  return is_missing(text) || std::find(words.begin(), words.end(), lower_case(text)) != words.end();
}

}  // namespace kernad::io
