// Texts whose encoding nobody says: names of columns, ids.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kernad::files {

/// Bytes of the well-formed UTF-8 sequence that `text`, which is not empty, begins with; 0 when there is none (RFC
/// 3629). Control characters count: U+0000 to U+001F, U+007F, and U+0080 to U+009F of two bytes.
[[nodiscard]] std::size_t utf8_length(std::string_view text) noexcept;

/// Whether `text` begins with a control character.
[[nodiscard]] bool begins_with_control(std::string_view text) noexcept;

/// Whether all of `text` is UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// Appends the code point, U+0000 to U+10FFFF and no surrogate.
void append_utf8(std::string& out, char32_t code);

/// `text` itself where it is UTF-8; else each byte taken for Windows-1252, as spreadsheets on Windows write it.
[[nodiscard]] std::string to_utf8(std::string_view text);

}  // namespace kernad::files
