// Detects a .csv file's delimiter and decimal mark from its first rows.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernad/io.hpp"

namespace kernad::io {

/// The character that separates the columns: `usual`, unless another of , ; tab | fits the text, the beginning of a
/// file, better. is_whole: the text is the whole file. A decimal comma separates columns only if numbers are quoted.
[[nodiscard]] char find_delimiter(std::string_view text, bool is_whole, char usual, DecimalMark decimal);

/// '.' or ','. rows: the features' fields in the first rows. Throws ReadError, after the name of the `source`, if they
/// contain both, or only numbers whose comma might separate thousands; and, between semicolons or tabs, if points
/// might.
[[nodiscard]] char find_decimal_mark(const std::string& source, std::span<const std::vector<std::string>> rows,
                                     char delimiter);

}  // namespace kernad::io
