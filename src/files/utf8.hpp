// Texts of unspecified encoding: column names, ids.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kernad::files {

/// Length in bytes of the well-formed UTF-8 sequence at the start of `text`, which is not empty; 0 if there is none
/// (RFC 3629). Control characters count: U+0000 to U+001F, U+007F, and U+0080 to U+009F of two bytes.
[[nodiscard]] std::size_t utf8_length(std::string_view text) noexcept;

/// Whether `text` begins with a control character.
[[nodiscard]] bool begins_with_control(std::string_view text) noexcept;

/// Whether all of `text` is UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// Appends the code point, U+0000 to U+10FFFF, not a surrogate.
void append_utf8(std::string& out, char32_t code);

/// `text` itself if it is UTF-8; else its bytes read as Windows-1252, which spreadsheets on Windows write.
[[nodiscard]] std::string to_utf8(std::string_view text);

}  // namespace kernad::files
