// The printable parts of a text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kernad::cli {

/// Length in bytes of the character at the start of `text`, which is not empty; 0 for invalid UTF-8 (RFC 3629), control
/// characters, line separators, and characters that change the direction of writing.
[[nodiscard]] std::size_t sequence_length(std::string_view text);

/// The text with such characters escaped as \u009b, except for line ends and tabs, and invalid bytes as \xff.
[[nodiscard]] std::string for_terminal(std::string_view text);

}  // namespace kernad::cli
