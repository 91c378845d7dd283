// From an image to its patches, at once or tile by tile.
#include "model/state.hpp"
#include "patches/prepare.hpp"

namespace kernad::images {
namespace {

std::string size_text(std::size_t width, std::size_t height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

std::vector<FeatureMap> run_tile(Backbone::Runner& runner, const BackboneFile& file, const Tiling& tiling,
                                 const ImageView& image, std::size_t down, std::size_t across) {
  const Grid grid = tiling.grid();
  const Window window = {grid.cols * tiling.cell, grid.rows * tiling.cell, tiling.across.begins[across] * tiling.cell,
                         tiling.down.begins[down] * tiling.cell};
  prepare(image, window, file.size, file.mean, file.std, runner.input());
  return runner.run();
}

template <typename Reduce>
Embeddings patches_of(Backbone::Runner& runner, const ImageModel::State& state, const ImageView& image,
                      const Reduce& reduce) {
  if (state.tiling.side == 0) return reduce(run_backbone(runner, state.file, image));
  require_image_size(state.tiling, image);
  Stitch stitch(state.tiling);
  for (std::size_t down = 0; down < state.tiling.down.begins.size(); ++down) {
    for (std::size_t across = 0; across < state.tiling.across.begins.size(); ++across) {
      const Embeddings patches = reduce(run_tile(runner, state.file, state.tiling, image, down, across));
      if (patches.rows() != state.tiling.tile * state.tiling.tile) {
        throw InvalidInput(state.file.name + ": gives another number of patches than the model has in a tile");
      }
      stitch.add(patches, down, across);
    }
  }
  return stitch.result();
}

}  // namespace

std::vector<FeatureMap> run_backbone(Backbone::Runner& runner, const BackboneFile& file, const ImageView& image) {
  prepare(image, file.size, file.mean, file.std, runner.input());
  return runner.run();
}

void require_image_size(const Tiling& tiling, const ImageView& image) {
  if (tiling.side == 0) return;
  if (image.width == tiling.image_width && image.height == tiling.image_height) return;
  throw InvalidInput("has " + size_text(image.width, image.height) + " pixels; with tiles all images have the size " +
                     "of the first one fitted, " + size_text(tiling.image_width, tiling.image_height));
}

Embeddings joined_patches(Backbone::Runner& runner, const ImageModel::State& state, const ImageView& image) {
  return patches_of(runner, state, image, [](const std::vector<FeatureMap>& maps) { return join(maps); });
}

Embeddings projected_patches(Backbone::Runner& runner, const ImageModel::State& state, const ImageView& image) {
  return patches_of(runner, state, image,
                    [&](const std::vector<FeatureMap>& maps) { return project(maps, state.projection); });
}

}  // namespace kernad::images
