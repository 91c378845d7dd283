// Detects a .csv file's delimiter and decimal mark from its first rows.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernad/io.hpp"

namespace kernad::io {

/// The character that separates the columns: `usual`, unless another of , ; tab | fits the text better, which is how a
/// file begins. is_whole: the text does not go on. A comma that is the decimal mark parts columns only where numbers
/// are quoted.
[[nodiscard]] char find_delimiter(std::string_view text, bool is_whole, char usual, DecimalMark decimal);

/// '.' or ','. rows: the features' fields in the first rows. Throws ReadError, after the name of the `source`, where
/// they hold both, or only numbers in which the comma may as well part thousands, or the point does where the delimiter
/// is that of countries that write so.
[[nodiscard]] char find_decimal_mark(const std::string& source, std::span<const std::vector<std::string>> rows,
                                     char delimiter);

}  // namespace kernad::io
