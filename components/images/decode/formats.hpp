// The decoders: each gets a whole file and throws Undecodable with the reason; read.cpp adds the file's name.
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "kernad/images.hpp"

namespace kernad::images {

using Bytes = std::span<const std::byte>;

/// The reason why a file cannot be decoded, without its name. Of the libraries' words, which may quote the file, every
/// control character becomes a blank: a message is one line.
struct Undecodable : std::runtime_error {
  explicit Undecodable(std::string reason) : std::runtime_error(one_line(std::move(reason))) {}

 private:
  static std::string one_line(std::string text) {
    for (char& c : text) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    return text;
  }
};

/// Throws Undecodable for an image without pixels, or with more than the limit, before any of them is allocated.
void require_size(std::uint64_t width, std::uint64_t height, const ReadLimits& limits);

[[nodiscard]] Image decode_jpeg(Bytes file, const ReadLimits& limits);
[[nodiscard]] Image decode_png(Bytes file, const ReadLimits& limits);
[[nodiscard]] Image decode_tiff(Bytes file, const ReadLimits& limits);
[[nodiscard]] Image decode_bmp(Bytes file, const ReadLimits& limits);

/// Orientation 1 to 8 of TIFF and EXIF; 1, upright, if the block has none or is invalid.
[[nodiscard]] int exif_orientation(Bytes block);

/// The image turned by its orientation, 1 to 8.
[[nodiscard]] Image upright(Image image, int orientation);

}  // namespace kernad::images
