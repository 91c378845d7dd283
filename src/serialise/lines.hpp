// Texts in a tensor: the names of rows, of which there may be too many for the metadata.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernad/state_dict.hpp"

namespace kernad::serialise {

/// U8: a line of UTF-8 per text; a line break inside a text becomes a blank.
[[nodiscard]] Tensor to_lines(const std::vector<std::string>& texts);

/// The lines of such a tensor; nothing if it is not one.
[[nodiscard]] std::optional<std::vector<std::string>> from_lines(const Tensor& tensor);

}  // namespace kernad::serialise
