// The decoders: each gets a whole file, and throws Undecodable with what is wrong; read.cpp puts the file's name to it.
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>

#include "kernad/images.hpp"

namespace kernad::images {

using Bytes = std::span<const std::byte>;

/// What is wrong with a file, without its name.
struct Undecodable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws Undecodable for a picture without pixels, or with more than the limit, before any of them is allocated.
void require_size(std::uint64_t width, std::uint64_t height, const ReadLimits& limits);

[[nodiscard]] Picture decode_jpeg(Bytes file, const ReadLimits& limits);
[[nodiscard]] Picture decode_png(Bytes file, const ReadLimits& limits);
[[nodiscard]] Picture decode_tiff(Bytes file, const ReadLimits& limits);
[[nodiscard]] Picture decode_bmp(Bytes file, const ReadLimits& limits);

/// Orientation 1 to 8 of TIFF and EXIF; 1, upright, where the block has none or makes no sense.
[[nodiscard]] int exif_orientation(Bytes block);

/// The picture as orientation 1 to 8 wants it to be shown.
[[nodiscard]] Picture upright(Picture picture, int orientation);

}  // namespace kernad::images
