// Who is held out when.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kernad::calibration {

/// The fold, 0 .. folds - 1, of each of `rows` rows: in the order of their keys (row_key) the rows are dealt out in
/// turn, so that folds differ by at most one row in size and do not depend on the rows' values.
[[nodiscard]] std::vector<std::size_t> deal_into_folds(std::size_t rows, std::size_t folds, std::uint64_t seed);

}  // namespace kernad::calibration
