// The most surprising region of a map.
#pragma once

#include "kernad/images.hpp"

namespace kernad::images {

/// Around the hottest patch and all patches connected to it above the scale's limit; in pixels of an image of width x
/// height.
[[nodiscard]] Box hottest_box(const Embeddings& map, const HeatScale& scale, std::size_t width, std::size_t height);

}  // namespace kernad::images
