// Rows in tight groups, for which pruning pays.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernad/matrix.hpp"
#include "support/data.hpp"

namespace kernad::testing {

/// Gaussian rows of deviation 1 about `clusters` centres that lie `spread` apart in each column; the centres do not
/// depend on the seed.
[[nodiscard]] inline Embeddings clustered(std::size_t rows, std::size_t cols, std::size_t clusters, double spread,
                                          std::uint64_t seed) {
  const Embeddings centres = gaussian(clusters, cols, 4711);
  return map(gaussian(rows, cols, seed), [&](double x, std::size_t i, std::size_t j) {
    return x + spread * static_cast<double>(centres(i * 7919 % clusters, j));
  });
}

}  // namespace kernad::testing
