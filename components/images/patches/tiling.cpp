#include "patches/tiling.hpp"

#include <algorithm>

namespace kernad::images {
namespace {

TiledAxis tiled(std::size_t pixels, std::size_t side, std::size_t tile) {
  TiledAxis axis;
  axis.count = std::max((2 * pixels * tile + side) / (2 * side), tile);  // rounded
  const std::size_t step = tile - std::max<std::size_t>(tile / 4, 1);
  const std::size_t free = axis.count - tile;
  const std::size_t steps = (free + step - 1) / step;
  for (std::size_t i = 0; i <= steps; ++i) axis.begins.push_back(steps == 0 ? 0 : i * free / steps);
  return axis;
}

}  // namespace

Tiling make_tiling(std::size_t side, std::size_t width, std::size_t height, std::size_t size, Grid tile) {
  const std::size_t smaller = std::min(width, height);
  if (side < 16 || side > smaller) {
    throw InvalidParameter("tile is " + std::to_string(side) + "; valid for images of " + std::to_string(width) +
                           " x " + std::to_string(height) + ": 16 to " + std::to_string(smaller));
  }
  if (tile.rows != tile.cols || tile.rows < 2 || size % tile.rows != 0) {
    throw InvalidParameter("tiles need a network whose patches are squares of whole pixels; with a size of " +
                           std::to_string(size) + " it has " + std::to_string(tile.rows) + " x " +
                           std::to_string(tile.cols) + " patches");
  }
  const std::size_t larger = std::max(width, height);
  if (larger > Grid::kMost * side / tile.rows) {
    throw InvalidParameter("tile is " + std::to_string(side) + ": images of " + std::to_string(width) + " x " +
                           std::to_string(height) + " would have more than " + std::to_string(Grid::kMost) +
                           " patches in a row or column; valid: a larger tile, or a smaller size");
  }
  return {
      side, width, height, tile.rows, size / tile.rows, tiled(height, side, tile.rows), tiled(width, side, tile.rows)};
}

void Stitch::add(const Embeddings& patches, std::size_t down, std::size_t across) {
  const Grid grid = tiling_.grid();
  const std::size_t tile = tiling_.tile;
  const std::size_t columns = patches.cols();
  if (weights_.empty()) {
    weights_.resize(grid.size());
    sums_ = Embeddings(grid.size(), columns);
  }
  const auto weight_at = [&](std::size_t i) { return static_cast<float>(std::min(i, tile - 1 - i)) + 0.5F; };
  for (std::size_t i = 0; i < tile * tile; ++i) {
    const std::size_t at =
        (tiling_.down.begins[down] + i / tile) * grid.cols + tiling_.across.begins[across] + i % tile;
    const float weight = weight_at(i / tile) * weight_at(i % tile);
    weights_[at] += weight;
    const float* from = patches.data() + i * columns;
    float* to = sums_.data() + at * columns;
    for (std::size_t j = 0; j < columns; ++j) to[j] += weight * from[j];
  }
}

Embeddings Stitch::result() {
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const float scale = 1 / weights_[i];
    float* row = sums_.data() + i * sums_.cols();
    for (std::size_t j = 0; j < sums_.cols(); ++j) row[j] *= scale;
  }
  return std::move(sums_);
}

}  // namespace kernad::images
