#include "utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace kernad::cli {
namespace {

struct Character {
  std::size_t length;  ///< 0: no UTF-8
  std::uint32_t code;
};

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::size_t length = byte(0) < 0x80 ? 1 : byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (length > text.size()) return {0, 0};
  if (length == 1) return {1, byte(0)};
  std::uint32_t code = byte(0) & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {0, 0};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  const bool lead = byte(0) >= 0xc2 && byte(0) <= 0xf4;
  return {lead && code >= kSmallest[length] && code <= 0x10ffff && !surrogate ? length : 0, code};
}

bool controls(std::uint32_t code) {
  const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
  const bool separates_or_turns = (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return control || separates_or_turns;
}

}  // namespace

std::size_t sequence_length(std::string_view text) {
  const auto [length, code] = first_character(text);
  return controls(code) ? 0 : length;
}

std::string for_terminal(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const auto [length, code] = first_character(text);
    if (length == 0) {
      shown += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(text[0]));
    } else if (controls(code) && code != '\n' && code != '\t') {
      shown += fmt::format("\\u{:04x}", code);
    } else {
      shown += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return shown;
}

}  // namespace kernad::cli
