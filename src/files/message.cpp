#include "files/message.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <system_error>

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
  for (const char c : text.substr(0, max_length)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + (text.size() > max_length ? "..." : "");
}

std::string quote(std::string_view text) { return "'" + printable(text) + "'"; }

std::string shape_text(std::span<const std::size_t> shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, " x "));
}

}  // namespace kernad::files
