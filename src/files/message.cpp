#include "files/message.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <system_error>

#include "files/utf8.hpp"
#include "kernad/error.hpp"

namespace kernad::files {

void fail(const std::string& name, const std::string& text) { throw ReadError(name + ": " + text); }

void fail_at(const std::string& name, std::uint64_t byte, const std::string& text) {
  throw ReadError(fmt::format("{}: byte {}: {}", name, byte, text));
}

std::string system_reason(int error_number) { return std::generic_category().message(error_number); }

std::string printable(std::string_view text) {
  constexpr std::size_t max_length = 60;
  std::string out;
  std::size_t i = 0;
  while (i < std::min(text.size(), max_length)) {
    const std::string_view rest = text.substr(i);
    const std::size_t length = utf8_length(rest);
    if (length == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(rest[0]));
    } else if (begins_with_control(rest)) {
      for (const char c : rest.substr(0, length)) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += rest.substr(0, length);
    }
    i += std::max<std::size_t>(length, 1);
  }
  return out + (text.size() > i ? "..." : "");
}

std::string quote(std::string_view text) { return "'" + printable(text) + "'"; }

std::string shape_text(std::span<const std::size_t> shape) {
  constexpr std::size_t kShown = 8;
  if (shape.empty()) return "scalar";
  if (shape.size() <= kShown) return fmt::format("{}", fmt::join(shape, " x "));
  return fmt::format("{} x ... ({} dimensions)", fmt::join(shape.first(kShown), " x "), shape.size());
}

}  // namespace kernad::files
