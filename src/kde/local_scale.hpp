// Kernels that are wide where rows are sparse and narrow where they are dense.
#pragma once

#include <cstddef>
#include <vector>

#include "kde/pair_distances.hpp"

namespace kernad::kde {

/// The neighbour whose distance stands for the sparseness around a row.
inline constexpr std::size_t kLocalNeighbour = 5;
/// Rows among which neighbours are looked for: of more a fixed sample.
inline constexpr std::size_t kNeighbourRows = 1024;
/// No row is taken to be nearer to its neighbour than this share of the median row: the kernels of near copies would
/// be so narrow that nothing else is near them.
inline constexpr double kMinDistance = 0.01;

/// h_i, N of them: (distance from row i to its 5th neighbour)^alpha over the geometric mean of all. Copies of a row are
/// no neighbours of it; of fewer than five others the farthest counts, and of none kMinDistance. At least two rows
/// must differ.
[[nodiscard]] std::vector<double> local_scales(const PairDistances& pairs, double alpha, int threads);

}  // namespace kernad::kde
