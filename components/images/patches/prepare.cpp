#include "patches/prepare.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace kernad::images {
namespace {

/// Weights of the pixels `first`, `first + 1`, ... in one pixel of the result.
struct Tap {
  std::size_t first;
  std::vector<float> weights;
};

/// A triangle as wide as the step between results, but at least that between pixels; of `count` results from `begin`
/// on.
std::vector<Tap> taps(std::size_t from, std::size_t to, std::size_t begin, std::size_t count) {
  const double step = static_cast<double>(from) / static_cast<double>(to);
  const double reach = std::max(step, 1.0);
  std::vector<Tap> result(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double centre = (static_cast<double>(begin + i) + 0.5) * step;
    const auto first = static_cast<std::size_t>(std::max(centre - reach + 0.5, 0.0));
    const auto end = std::min(static_cast<std::size_t>(centre + reach + 0.5), from);
    std::vector<double> weights;
    double sum = 0;
    for (std::size_t j = first; j < end; ++j) {
      weights.push_back(std::max(1 - std::abs(static_cast<double>(j) + 0.5 - centre) / reach, 0.0));
      sum += weights.back();
    }
    result[i].first = first;
    for (const double weight : weights) result[i].weights.push_back(static_cast<float>(weight / sum));
  }
  return result;
}

/// One row of pixels to rows of red, green and blue in [0, 1]: blue first where the format says so, grey three times.
template <typename T>
void unpack(const std::byte* row, std::size_t width, PixelFormat format, std::array<float*, 3> planes) {
  const std::size_t channels = channels_of(format);
  const bool blue_first = format == PixelFormat::bgr8 || format == PixelFormat::bgra8 || format == PixelFormat::bgr16 ||
                          format == PixelFormat::bgra16;
  const float scale = 1.0F / static_cast<float>(std::numeric_limits<T>::max());
  for (std::size_t c = 0; c < 3; ++c) {
    const std::size_t from = channels == 1 ? 0 : blue_first ? 2 - c : c;
    for (std::size_t x = 0; x < width; ++x) {
      T value = 0;  // rows of 16 bits may begin at any byte
      std::memcpy(&value, row + (x * channels + from) * sizeof(T), sizeof(T));
      planes[c][x] = static_cast<float>(value) * scale;
    }
  }
}

}  // namespace

void prepare(ImageView image, std::size_t size, std::span<const double> mean, std::span<const double> std,
             std::span<float> tensor) {
  prepare(image, {size, size, 0, 0}, size, mean, std, tensor);
}

void prepare(ImageView image, Window window, std::size_t size, std::span<const double> mean,
             std::span<const double> std, std::span<float> tensor) {
  if (image.data == nullptr || image.width == 0 || image.height == 0) throw InvalidInput("an image without pixels");
  const auto across = taps(image.width, window.width, window.x, size);
  const auto down = taps(image.height, window.height, window.y, size);
  const std::size_t row_size = 3 * size;
  const std::size_t top = down.front().first;
  const std::size_t rows = down.back().first + down.back().weights.size() - top;
  std::vector<float> narrow(rows * row_size);  // each row scaled, colour after colour
  std::vector<float> row(3 * image.width);
  const std::array<float*, 3> planes = {row.data(), row.data() + image.width, row.data() + 2 * image.width};
  for (std::size_t y = 0; y < rows; ++y) {
    const auto* pixels = static_cast<const std::byte*>(image.data) + (top + y) * image.row_bytes;
    if (image.format >= PixelFormat::grey16) {
      unpack<std::uint16_t>(pixels, image.width, image.format, planes);
    } else {
      unpack<std::uint8_t>(pixels, image.width, image.format, planes);
    }
    float* to = narrow.data() + y * row_size;
    for (const float* plane : planes) {
      for (const Tap& tap : across) {
        float sum = 0;
        for (std::size_t j = 0; j < tap.weights.size(); ++j) sum += tap.weights[j] * plane[tap.first + j];
        *to++ = sum;
      }
    }
  }
  std::vector<float> sums(row_size);
  for (std::size_t y = 0; y < size; ++y) {
    std::ranges::fill(sums, 0.0F);
    for (std::size_t j = 0; j < down[y].weights.size(); ++j) {
      const float weight = down[y].weights[j];
      const float* from = narrow.data() + (down[y].first - top + j) * row_size;
      for (std::size_t x = 0; x < row_size; ++x) sums[x] += weight * from[x];
    }
    for (std::size_t c = 0; c < 3; ++c) {
      const auto offset = static_cast<float>(mean[c]);
      const auto scale = static_cast<float>(1 / std[c]);
      float* to = tensor.data() + (c * size + y) * size;
      for (std::size_t x = 0; x < size; ++x) to[x] = (sums[c * size + x] - offset) * scale;
    }
  }
}

}  // namespace kernad::images
