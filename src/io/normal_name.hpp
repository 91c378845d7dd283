// What the name of a column of labels says.
#pragma once

#include <string_view>

namespace kernad::io {

/// Whether a yes in a column of that name would mean a normal row: "is_ok", "inSpec", "quality-good", "defect free",
/// "i.O."; not "label", "not_ok", "is_abnormal", "nio". Words end at whatever is no letter, and at capitals.
[[nodiscard]] bool names_the_normal(std::string_view column);

}  // namespace kernad::io
