// Kernels that are wide where rows are sparse and narrow where they are dense.
#pragma once

#include <cstddef>
#include <vector>

#include "kde/pair_distances.hpp"

namespace kernad::kde {

/// The neighbour whose distance stands for the sparseness around a row.
inline constexpr std::size_t kLocalNeighbour = 5;

/// h_i, N of them: (distance from row i to its 5th neighbour)^alpha over the geometric mean of all. Copies of a row are
/// no neighbours of it; of fewer than five others the farthest counts. At least two rows must differ.
[[nodiscard]] std::vector<double> local_scales(const PairDistances& pairs, double alpha, int threads);

}  // namespace kernad::kde
