#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "kernad/images.hpp"

namespace kernad::images {
namespace {

using Colour = std::array<float, 3>;

/// Yellow, orange, red, violet: darker when hotter, which colour-blind readers can distinguish.
Colour heat_colour(float heat) {
  constexpr std::array<Colour, 4> stops = {{{254, 217, 60}, {253, 120, 30}, {220, 20, 40}, {110, 0, 110}}};
  const float at = std::clamp(heat, 0.0F, 1.0F) * 3;
  const auto low = std::min<std::size_t>(static_cast<std::size_t>(at), 2);
  const float share = at - static_cast<float>(low);
  Colour colour = {};
  for (std::size_t c = 0; c < 3; ++c) colour[c] = stops[low][c] + share * (stops[low + 1][c] - stops[low][c]);
  return colour;
}

/// A pixel as 8-bit RGB.
Colour pixel_at(const ImageView& image, std::size_t x, std::size_t y) {
  const auto* row = static_cast<const std::byte*>(image.data) + y * image.row_bytes;
  const std::byte* pixel = row + x * bytes_of(image.format);
  const std::size_t channels = channels_of(image.format);
  const bool deep = image.format >= PixelFormat::grey16;
  Colour colour = {};
  for (std::size_t c = 0; c < 3; ++c) {
    const std::size_t from = channels == 1 ? 0 : c;
    if (deep) {
      std::uint16_t value = 0;
      std::memcpy(&value, pixel + 2 * from, 2);
      colour[c] = static_cast<float>(value) / 257;
    } else {
      colour[c] = static_cast<float>(std::to_integer<unsigned>(pixel[from]));
    }
  }
  const bool blue_first = image.format == PixelFormat::bgr8 || image.format == PixelFormat::bgra8 ||
                          image.format == PixelFormat::bgr16 || image.format == PixelFormat::bgra16;
  if (blue_first) std::swap(colour[0], colour[2]);
  return colour;
}

}  // namespace

Image overlay(ImageView image, const Embeddings& map, const HeatScale& scale) {
  const Embeddings heat = ImageModel::enlarge(map, image.width, image.height);
  Image result(image.width, image.height, PixelFormat::rgb8);
  // Colour begins half way between usual and limit; at the limit it is clear, and at twice that red.
  const double span = std::max(scale.limit - scale.usual, 1e-6);
  for (std::size_t y = 0; y < image.height; ++y) {
    for (std::size_t x = 0; x < image.width; ++x) {
      const Colour own = pixel_at(image, x, y);
      const double exact = (heat(y, x) - scale.usual) / span;  // 0 usual, 1 the limit
      const auto level = static_cast<float>(std::isnan(exact) ? 0.0 : std::clamp(exact, -9.0, 9.0));
      const float opacity = 0.65F * std::clamp((level - 0.7F) / 0.6F, 0.0F, 1.0F);
      const Colour hot = heat_colour((level - 0.8F) / 1.7F);
      for (std::size_t c = 0; c < 3; ++c) {
        result.row(y)[3 * x + c] = static_cast<std::byte>(std::lround(own[c] + opacity * (hot[c] - own[c])));
      }
    }
  }
  return result;
}

}  // namespace kernad::images
