// A seeded sample of the patches of some images.
#pragma once

#include <algorithm>

#include "density/choose.hpp"
#include "kernad/sampling.hpp"

namespace kernad::images {

/// The rows of `set` of patches of the images for which `wanted(image)`, at most `count`: those with the smallest
/// keys, in ascending order of rows.
template <typename Wanted>
[[nodiscard]] std::vector<std::size_t> sample_rows_of(const PatchSet& set, std::size_t count, std::uint64_t seed,
                                                      const Wanted& wanted) {
  std::vector<std::size_t> rows;
  for (std::size_t p = 0; p < set.images; ++p) {
    if (!wanted(p)) continue;
    for (std::size_t x = 0; x < set.grid.size(); ++x) {
      if (set.ignored.empty() || !set.ignored[x]) rows.push_back(p * set.grid.size() + x);
    }
  }
  if (rows.size() <= count) return rows;
  std::vector<std::size_t> kept;
  for (const std::size_t i : sample_rows(rows.size(), count, seed)) kept.push_back(rows[i]);
  return kept;
}

/// Those patches.
[[nodiscard]] inline PlacedPatches patches_at(const PatchSet& set, std::span<const std::size_t> rows) {
  PlacedPatches patches = {Embeddings(rows.size(), set.features.cols()), {}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < set.features.cols(); ++j) patches.features(i, j) = set.features(rows[i], j);
    patches.positions.push_back(static_cast<std::uint32_t>(rows[i] % set.grid.size()));
  }
  return patches;
}

template <typename Wanted>
[[nodiscard]] PlacedPatches sample_patches(const PatchSet& set, std::size_t count, std::uint64_t seed,
                                           const Wanted& wanted) {
  return patches_at(set, sample_rows_of(set, count, seed, wanted));
}

}  // namespace kernad::images
