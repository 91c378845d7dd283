// How missing values are written.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "files/number.hpp"
#include "io/ending.hpp"

namespace kernad::io {

/// What spreadsheets, pandas, R and SQL write for a missing value; "nan" is read as the number NaN.
[[nodiscard]] inline bool is_missing(std::string_view field) {
  constexpr std::array<std::string_view, 11> words = {"",     "na",   "n/a",     "#n/a", "<na>", "nat",
                                                      "null", "none", "missing", "?",    "-"};
  constexpr std::size_t longest = 7;
  return field.size() <= longest && std::find(words.begin(), words.end(), lower_case(field)) != words.end();
}

/// The same for a label, where "nan" and "unknown" are missing as well.
[[nodiscard]] inline bool is_missing_label(std::string_view text) {
  constexpr std::array<std::string_view, 6> words = {"nan", "unknown", "unlabeled", "unlabelled", "undefined", "n.a."};
  text = files::trim(text);
  return is_missing(text) || std::find(words.begin(), words.end(), lower_case(text)) != words.end();
}

}  // namespace kernad::io
