#include <algorithm>
#include <vector>

#include "kernad/images.hpp"

namespace kernad::images {
namespace {

struct Mix {
  std::size_t low, high;
  float share;  // of the high one
};

/// Where pixel i of `to` lies among `from` patches.
std::vector<Mix> mixes(std::size_t from, std::size_t to) {
  std::vector<Mix> result(to);
  for (std::size_t i = 0; i < to; ++i) {
    const double at = (static_cast<double>(i) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
    const double inside = std::clamp(at, 0.0, static_cast<double>(from - 1));
    const auto low = static_cast<std::size_t>(inside);
    result[i] = {low, std::min(low + 1, from - 1), static_cast<float>(inside - static_cast<double>(low))};
  }
  return result;
}

}  // namespace

Embeddings PictureModel::enlarge(const Embeddings& map, std::size_t width, std::size_t height) {
  const auto across = mixes(map.cols(), width);
  Embeddings wide(map.rows(), width);
  for (std::size_t r = 0; r < map.rows(); ++r) {
    for (std::size_t x = 0; x < width; ++x) {
      const Mix& mix = across[x];
      wide(r, x) = map(r, mix.low) + mix.share * (map(r, mix.high) - map(r, mix.low));
    }
  }
  Embeddings result(height, width);
  const auto down = mixes(map.rows(), height);
  for (std::size_t y = 0; y < height; ++y) {
    const Mix& mix = down[y];
    for (std::size_t x = 0; x < width; ++x) {
      result(y, x) = wide(mix.low, x) + mix.share * (wide(mix.high, x) - wide(mix.low, x));
    }
  }
  return result;
}

}  // namespace kernad::images
