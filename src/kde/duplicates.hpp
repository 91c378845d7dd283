// Finds rows that occur more than once, so that each is summed once and counts as often as it occurs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernad/matrix.hpp"
#include "kernels/references.hpp"

namespace kernad::kde {

struct DistinctRows {
  std::vector<kernels::Reference> rows;  ///< the first occurrence of each, in order, and its weight
  std::vector<std::uint32_t> index;      ///< N: the position in `rows` of row i
};

/// Rows are the same when their bits are. weights: of the rows; empty: each counts once.
[[nodiscard]] DistinctRows distinct_rows(MatrixView<float> rows, std::span<const double> weights = {});
/// The same as if no two rows were equal.
[[nodiscard]] DistinctRows all_rows(std::size_t count, std::span<const double> weights = {});

}  // namespace kernad::kde
