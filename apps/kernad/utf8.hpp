// The printable parts of a text.
#pragma once

#include <cstddef>
#include <string_view>

namespace kernad::cli {

/// Length in bytes of the character at the start of `text`, which is not empty; 0 for a control character or invalid
/// UTF-8 (RFC 3629).
[[nodiscard]] std::size_t sequence_length(std::string_view text);

}  // namespace kernad::cli
