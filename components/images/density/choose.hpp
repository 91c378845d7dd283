// Bandwidth and spatial width by the likelihood of held-out images. Patches of one image are not independent: all
// of them are held out together.
#pragma once

#include <optional>

#include "density/conditional_density.hpp"

namespace kernad::images {

/// The patches of all images: image p's patch at position x is row p * grid.size() + x.
struct PatchSet {
  Grid grid;
  std::size_t images = 0;
  std::vector<bool> ignored;  ///< of each position; empty: none
  Embeddings features;        ///< (images * grid size) x k
};

/// The fold of each image: 0 .. count - 1, with sizes that differ by at most one, by a seeded shuffle.
[[nodiscard]] std::vector<std::size_t> folds_of(std::size_t images, std::size_t count, std::uint64_t seed);

struct Choice {
  Kernel kernel;
  double log_likelihood = 0;  ///< mean over patches of held-out images without the least likely 10 %
};

struct ChoiceOptions {
  std::optional<double> bandwidth = {};  ///< given, not chosen
  std::optional<double> width = {};
  std::size_t max_patches = 0;
  std::uint64_t seed = 0;
  int threads = 0;
};

[[nodiscard]] Choice choose_kernel(const PatchSet& set, const ChoiceOptions& options);

}  // namespace kernad::images
