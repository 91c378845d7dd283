// What a label's text means.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kernad::io {

/// 0 for normal, 1 for anomalous; none for a text that is neither. See kernad::parse_labels.
[[nodiscard]] std::optional<std::uint8_t> label_value(std::string_view text) noexcept;

}  // namespace kernad::io
