// Bandwidth and spatial width by the likelihood of held-out pictures. Patches of one picture are not independent: all
// of them are held out together.
#pragma once

#include <optional>

#include "density/conditional_density.hpp"

namespace kernad::images {

/// The patches of all pictures: picture p's patch at position x is row p * grid.size() + x.
struct PatchSet {
  Grid grid;
  std::size_t pictures = 0;
  std::vector<bool> ignored;  ///< of each position; empty: none
  Embeddings features;        ///< (pictures * grid size) x k
};

/// The fold of each picture: 0 .. count - 1, with sizes that differ by at most one, by a seeded shuffle.
[[nodiscard]] std::vector<std::size_t> folds_of(std::size_t pictures, std::size_t count, std::uint64_t seed);

struct Choice {
  Kernel kernel;
  double log_likelihood = 0;  ///< mean over patches of held-out pictures without the least likely 10 %
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
