// Rows that occur more than once, found: each then is summed once and counts as often as it occurs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernad/matrix.hpp"
#include "kernels/references.hpp"

namespace kernad::kde {

struct DistinctRows {
  std::vector<kernels::Reference> rows;  ///< the first occurrence of each, in their order, and how much it counts
  std::vector<std::uint32_t> index;      ///< N: which of them row i is
};

/// Rows are the same when their bits are. weights: how much each of them counts, or none: once.
[[nodiscard]] DistinctRows distinct_rows(MatrixView<float> rows, std::span<const double> weights = {});
/// As if no two were the same.
[[nodiscard]] DistinctRows all_rows(std::size_t count, std::span<const double> weights = {});

}  // namespace kernad::kde
