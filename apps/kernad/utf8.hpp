// The printable parts of a text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kernad::cli {

/// Bytes of the character that `text`, which is not empty, begins with; 0 when it is no UTF-8 (RFC 3629) or controls
/// what shows the text: a control character, or one that turns the direction of writing.
[[nodiscard]] std::size_t sequence_length(std::string_view text);

/// The text with such characters as \u009b, other than line ends and tabs, and with bytes that are no UTF-8 as \xff.
[[nodiscard]] std::string for_terminal(std::string_view text);

}  // namespace kernad::cli
