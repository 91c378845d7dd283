// What the references are to one query: how far, how heavy, and where their weighted mean lies.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kde/reference_set.hpp"
#include "kernad/explanation.hpp"
#include "kernad/matrix.hpp"

namespace kernad::explanation {

struct KernelMean {
  std::vector<Neighbour> nearest;  ///< nearest first; of equals the first row
  std::vector<double> deviation;   ///< r: query - mean of the references by weight, which is minus the gradient of the
                                   ///< log-density where all kernels are alike (Fukunaga and Hostetler 1975)
};

/// query: r, of length at most 1e150; references: N x r, N >= 1; adaptive: their bandwidths. At most `count` nearest.
/// Weights are right also where every kernel value is far below the smallest double.
[[nodiscard]] KernelMean kernel_mean(std::span<const double> query, MatrixView<float> references,
                                     const kde::AdaptiveBandwidth& adaptive, std::size_t count);

}  // namespace kernad::explanation
