// What the name of a label column implies.
#pragma once

#include <string_view>

namespace kernad::io {

/// Whether a yes in a column of that name would mean a normal row: "is_ok", "inSpec", "quality-good", "defect free",
/// "i.O."; not "label", "not_ok", "is_abnormal", "nio". Words end at non-letters and at capitals.
[[nodiscard]] bool names_the_normal(std::string_view column);

}  // namespace kernad::io
