// From feature maps to patches: all layers on the grid of the finest, each patch the mean of its neighbourhood, reduced
// to principal components.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "backbone/backbone.hpp"
#include "kernad/matrix.hpp"

namespace kernad::images {

/// rows x cols patches; patch (r, c) is number r * cols + c.
struct Grid {
  static constexpr std::size_t kMost = 4096;  ///< rows, and columns
  std::size_t rows = 0;
  std::size_t cols = 0;

  [[nodiscard]] std::size_t size() const noexcept { return rows * cols; }
  friend bool operator==(const Grid&, const Grid&) = default;
};

/// The grid of the finest map.
[[nodiscard]] Grid grid_of(std::span<const FeatureMap> maps);

/// x -> (x - mean) . axes, for patches of all layers' channels one after another.
struct Projection {
  std::vector<float> mean;  ///< D
  Embeddings axes;          ///< D x k
};

/// Patches with all channels: grid size x D.
[[nodiscard]] Embeddings join(std::span<const FeatureMap> maps);

/// The same, projected: grid size x k. Projects first, which commutes with resampling to one grid and with averaging.
[[nodiscard]] Embeddings project(std::span<const FeatureMap> maps, const Projection& projection);

}  // namespace kernad::images
