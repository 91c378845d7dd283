// From pixels to the network's input.
#pragma once

#include <span>

#include "kernad/images.hpp"

namespace kernad::images {

/// A square part of a scaled image, in pixels of that.
struct Window {
  std::size_t width = 0, height = 0;  ///< that the whole image is scaled to
  std::size_t x = 0, y = 0;           ///< corner of the part
};

/// Scales an image to size x size, each pixel a weighted mean of all that it covers (bilinear with antialiasing, as
/// torchvision's Resize), then (value in [0, 1] - mean) / std. `tensor`: 3 planes, red first. Throws InvalidInput for a
/// view without pixels.
void prepare(ImageView image, std::size_t size, std::span<const double> mean, std::span<const double> std,
             std::span<float> tensor);
/// The same of size x size pixels of the scaled image.
void prepare(ImageView image, Window window, std::size_t size, std::span<const double> mean,
             std::span<const double> std, std::span<float> tensor);

}  // namespace kernad::images
