// What can be shown of a text.
#pragma once

#include <cstddef>
#include <string_view>

namespace kernad::cli {

/// Bytes of the character that `text`, which is not empty, begins with; 0 when it is a control character or no UTF-8
/// (RFC 3629).
[[nodiscard]] std::size_t sequence_length(std::string_view text);

}  // namespace kernad::cli
