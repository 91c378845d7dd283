#include <algorithm>
#include <array>
#include <utility>

#include "formats.hpp"

namespace kernad::images {

std::size_t channels_of(PixelFormat format) noexcept {
  switch (format) {
    case PixelFormat::grey8:
    case PixelFormat::grey16:
      return 1;
    case PixelFormat::rgb8:
    case PixelFormat::bgr8:
    case PixelFormat::rgb16:
    case PixelFormat::bgr16:
      return 3;
    case PixelFormat::rgba8:
    case PixelFormat::bgra8:
    case PixelFormat::rgba16:
    case PixelFormat::bgra16:
      break;
  }
  return 4;
}

std::size_t bytes_of(PixelFormat format) noexcept {
  return channels_of(format) * (format >= PixelFormat::grey16 ? 2 : 1);
}

Image upright(Image image, int orientation) {
  if (orientation < 2 || orientation > 8) return image;
  const std::size_t width = image.width();
  const std::size_t height = image.height();
  const bool swapped = orientation >= 5;
  Image turned(swapped ? height : width, swapped ? width : height, image.format());
  const std::size_t pixel = bytes_of(image.format());
  for (std::size_t y = 0; y < turned.height(); ++y) {
    for (std::size_t x = 0; x < turned.width(); ++x) {
      // The source of a pixel: orientations 5 to 8 swap rows and columns, then either may be reversed.
      std::size_t from_x = swapped ? y : x;
      std::size_t from_y = swapped ? x : y;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) from_x = width - 1 - from_x;
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) from_y = height - 1 - from_y;
      std::copy_n(image.row(from_y) + from_x * pixel, pixel, turned.row(y) + x * pixel);
    }
  }
  return turned;
}

}  // namespace kernad::images
