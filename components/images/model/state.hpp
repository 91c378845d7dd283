// The state of a fitted model of images.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backbone/backbone.hpp"
#include "density/conditional_density.hpp"
#include "kernad/images.hpp"
#include "kernad/state_dict.hpp"
#include "patches/grid.hpp"
#include "patches/tiling.hpp"

namespace kernad::images {

/// Computes, for one thread, the surprisal of each patch of an image.
struct Worker {
  Backbone::Runner runner;
  ConditionalDensity::Scorer scorer;
};

struct ImageModel::State {
  // Kept in the file.
  BackboneFile file;
  Projection projection;
  Tiling tiling;  ///< side 0: images are not cut
  Grid grid;
  std::vector<bool> ignored;  ///< of each position; empty: none
  PlacedPatches references;
  std::vector<std::uint32_t> reference_images;  ///< the image of each reference
  std::vector<std::string> names;               ///< paths of the images
  Kernel kernel;
  Calibration calibration{{0.0}};
  Threshold threshold;
  HeatScale scale;
  ImageModelReport report;

  // Derived from the above.
  int threads = 1;
  std::unique_ptr<Backbone> backbone;
  std::unique_ptr<ConditionalDensity> density;
  mutable std::mutex mutex;  ///< of threshold and idle
  std::vector<std::unique_ptr<Worker>> idle;

  /// Compiles the network and builds the density if that has not been done.
  void make_ready();
  /// The threshold, which may be set while other threads judge.
  [[nodiscard]] Threshold current_threshold() const {
    const std::lock_guard lock(mutex);
    return threshold;
  }
};

/// Default threads where `threads` is 0. Throws InvalidParameter outside 0 to 1024.
[[nodiscard]] int resolve_threads(int threads);

/// Mean of the highest 5 % of an image's surprisals, without ignored ones. With tiles that of the most surprising
/// tile: over all of a large image the few patches of a small defect would not count.
[[nodiscard]] double image_surprisal(std::span<const double> surprisals, const ImageModel::State& state);

/// Which patches lie more in the white of a mask than in its black. Throws InvalidInput for a mask without black.
[[nodiscard]] std::vector<bool> ignored_patches(const std::string& mask, Grid grid);

/// Feeds an image to the network.
[[nodiscard]] std::vector<FeatureMap> run_backbone(Backbone::Runner& runner, const BackboneFile& file,
                                                   const ImageView& image);

/// The patches of an image on the grid, with all channels: of the tiles if there are tiles. Throws InvalidInput for an
/// image of another size than the tiling's, and for maps that do not fit the grid.
[[nodiscard]] Embeddings joined_patches(Backbone::Runner& runner, const ImageModel::State& state,
                                        const ImageView& image);
/// The same, projected.
[[nodiscard]] Embeddings projected_patches(Backbone::Runner& runner, const ImageModel::State& state,
                                           const ImageView& image);

/// Says so by InvalidInput if an image is of another size than the tiling's.
void require_image_size(const Tiling& tiling, const ImageView& image);

[[nodiscard]] StateDict to_state_dict(const ImageModel::State& state);
/// Makes it ready. Throws ReadError naming `path` for what no fit gives, and for a network that the rest does not fit.
void from_state_dict(const StateDict& dict, const std::string& path, ImageModel::State& state);

}  // namespace kernad::images
