// Images larger than the network's input, cut into tiles that overlap. The patches of all tiles lie on one grid over
// the whole image, so that everything behind them is as for an image that the network sees at once.
#pragma once

#include <cstddef>
#include <vector>

#include "patches/grid.hpp"

namespace kernad::images {

/// Tiles along one axis, in patches.
struct TiledAxis {
  std::size_t count = 0;            ///< patches of the whole image
  std::vector<std::size_t> begins;  ///< first patch of each tile; neighbours share a quarter of a tile or more
};

struct Tiling {
  std::size_t side = 0;                           ///< of a tile, in pixels of the image; 0: the image is not cut
  std::size_t image_width = 0, image_height = 0;  ///< of every image
  std::size_t tile = 0;                           ///< patches along the side of a tile
  std::size_t cell = 0;                           ///< input pixels of the network for a patch
  TiledAxis down, across;

  [[nodiscard]] Grid grid() const noexcept { return {down.count, across.count}; }
};

/// size: side of the network's input; tile: grid of the network. Throws InvalidParameter for a side that does not fit,
/// or a network whose patches are no squares of whole pixels.
[[nodiscard]] Tiling make_tiling(std::size_t side, std::size_t width, std::size_t height, std::size_t size, Grid tile);

/// Gathers the patches of tiles: where tiles overlap, their mean, with weights that fall to the edge of a tile, where
/// the network sees nothing beyond.
class Stitch {
 public:
  explicit Stitch(const Tiling& tiling) : tiling_(tiling) {}
  void add(const Embeddings& patches, std::size_t down, std::size_t across);  ///< of tile (down, across)
  [[nodiscard]] Embeddings result();

 private:
  const Tiling& tiling_;
  Embeddings sums_;
  std::vector<float> weights_;
};

}  // namespace kernad::images
