#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "kernad/images.hpp"

namespace kernad::images {
namespace {

/// Weights of four adjacent patches in a pixel; the last patch continues beyond the edge.
struct Mix {
  std::array<std::size_t, 4> from;
  std::array<float, 4> weights;
};

/// The uniform cubic B-spline: positive weights that add up to 1, without kinks at patch borders.
std::vector<Mix> mixes(std::size_t patches, std::size_t pixels) {
  std::vector<Mix> result(pixels);
  const auto last = static_cast<std::ptrdiff_t>(patches) - 1;
  for (std::size_t i = 0; i < pixels; ++i) {
    const double at = (static_cast<double>(i) + 0.5) * static_cast<double>(patches) / static_cast<double>(pixels) - 0.5;
    const double floor = std::floor(at);
    const double t = at - floor;
    const std::array<double, 4> weights = {(1 - t) * (1 - t) * (1 - t) / 6, (3 * t * t * t - 6 * t * t + 4) / 6,
                                           (-3 * t * t * t + 3 * t * t + 3 * t + 1) / 6, t * t * t / 6};
    for (std::size_t k = 0; k < 4; ++k) {
      const auto patch = static_cast<std::ptrdiff_t>(floor) - 1 + static_cast<std::ptrdiff_t>(k);
      result[i].from[k] = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(patch, 0, last));
      result[i].weights[k] = static_cast<float>(weights[k]);
    }
  }
  return result;
}

}  // namespace

Embeddings ImageModel::enlarge(const Embeddings& map, std::size_t width, std::size_t height) {
  const auto across = mixes(map.cols(), width);
  Embeddings wide(map.rows(), width);
  for (std::size_t r = 0; r < map.rows(); ++r) {
    for (std::size_t x = 0; x < width; ++x) {
      for (std::size_t k = 0; k < 4; ++k) wide(r, x) += across[x].weights[k] * map(r, across[x].from[k]);
    }
  }
  Embeddings result(height, width);
  const auto down = mixes(map.rows(), height);
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t k = 0; k < 4; ++k) {
      const float weight = down[y].weights[k];
      const float* from = wide.data() + down[y].from[k] * width;
      float* to = result.data() + y * width;
      for (std::size_t x = 0; x < width; ++x) to[x] += weight * from[x];
    }
  }
  return result;
}

}  // namespace kernad::images
