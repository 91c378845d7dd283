// Kernel widths that are large where rows are sparse and small where they are dense.
#pragma once

#include <cstddef>
#include <vector>

#include "kde/pair_distances.hpp"

namespace kernad::kde {

/// The neighbour whose distance measures the sparseness around a row.
inline constexpr std::size_t kLocalNeighbour = 5;
/// Maximum number of rows that are searched for neighbours; of more rows, a fixed sample.
inline constexpr std::size_t kNeighbourRows = 1024;
/// Lower limit of a row's distance to its neighbour, as a share of the median distance: otherwise the kernels of near
/// copies would be so narrow that nothing else is near them.
inline constexpr double kMinDistance = 0.01;

/// h_i, N of them: (distance from row i to its 5th neighbour)^alpha over the geometric mean of all. Copies of a row are
/// not its neighbours; with fewer than five others the farthest counts, and with none kMinDistance. At least two rows
/// must differ.
[[nodiscard]] std::vector<double> local_scales(const PairDistances& pairs, double alpha, int threads);

}  // namespace kernad::kde
