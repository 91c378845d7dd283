// The wording of file errors: one line with the file, the place in it, and what is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kernad::files {

/// Throws ReadError("NAME: TEXT").
[[noreturn]] void fail(const std::string& name, const std::string& text);

/// Throws ReadError("NAME: byte BYTE: TEXT"); bytes count from 0.
[[noreturn]] void fail_at(const std::string& name, std::uint64_t byte, const std::string& text);

/// The system's words for an errno value.
[[nodiscard]] std::string system_reason(int error_number);

/// `text` made fit for one line: control characters and invalid UTF-8 are escaped, long texts are cut.
[[nodiscard]] std::string printable(std::string_view text);

/// The same in single quotes.
[[nodiscard]] std::string quote(std::string_view text);

/// "3 x 4"; "scalar" when there is no dimension.
[[nodiscard]] std::string shape_text(std::span<const std::size_t> shape);

}  // namespace kernad::files
