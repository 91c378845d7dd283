// The meaning of a label's text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernad/io.hpp"

namespace kernad::io {

/// 0 for normal, 1 for anomalous; none for a text that has no fixed meaning. See kernad::parse_labels.
[[nodiscard]] std::optional<std::uint8_t> label_value(std::string_view text) noexcept;

/// One column of labels whose first line may be a heading.
[[nodiscard]] std::vector<std::uint8_t> parse_label_column(std::vector<std::string> texts, const std::string& what,
                                                           const LabelOptions& options);

/// Labels that are numbers.
[[nodiscard]] std::vector<std::uint8_t> parse_label_numbers(std::span<const double> numbers, const std::string& what,
                                                            const LabelOptions& options);

}  // namespace kernad::io
