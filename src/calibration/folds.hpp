// Which rows are held out in which fold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kernad::calibration {

/// The fold, 0 .. folds - 1, of each of `rows` rows: rows are dealt to the folds in turn, in
/// the order of their keys (row_key), so that the sizes of folds differ by at most one row and do not depend on the
/// rows' values.
[[nodiscard]] std::vector<std::size_t> deal_into_folds(std::size_t rows, std::size_t folds, std::uint64_t seed);

}  // namespace kernad::calibration
