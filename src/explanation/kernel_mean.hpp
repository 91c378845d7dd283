// The references as seen from one query: how far, how heavy, and where their weighted mean lies.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kde/reference_set.hpp"
#include "kernad/explanation.hpp"
#include "kernad/matrix.hpp"

namespace kernad::explanation {

struct KernelMean {
  std::vector<Neighbour> nearest;  ///< nearest first; ties by row
  std::vector<double> deviation;   ///< r: query - weighted mean of the references, which is minus the gradient of the
                                   ///< log-density if all kernels are alike (Fukunaga and Hostetler 1975)
};

/// query: r, of length at most 1e150; references: N >= 1 of them, r columns. At most `count` nearest. Weights are right
/// even where every kernel value is far below the smallest double.
[[nodiscard]] KernelMean kernel_mean(std::span<const double> query, const kde::ReferenceSet& references,
                                     std::size_t count);

}  // namespace kernad::explanation
