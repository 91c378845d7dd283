// Which rows of a data set have been seen.
#pragma once

#include <optional>
#include <vector>

#include "kernad/sketch.hpp"

namespace kernad::sampling {

/// The first rows that both have; ranges ascend and do not touch.
[[nodiscard]] std::optional<RowRange> overlap(const std::vector<RowRange>& a, const std::vector<RowRange>& b);

/// All rows of both, which do not overlap; ranges that touch become one.
[[nodiscard]] std::vector<RowRange> united(const std::vector<RowRange>& a, const std::vector<RowRange>& b);

}  // namespace kernad::sampling
