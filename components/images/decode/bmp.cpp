// BMP: uncompressed, with 8 (palette), 24 or 32 bits per pixel, which covers what cameras and frame grabbers write.
#include <algorithm>
#include <cstdlib>

#include "formats.hpp"

namespace kernad::images {
namespace {

std::uint32_t little_endian(Bytes file, std::size_t at, std::size_t count) {
  if (at + count > file.size()) throw Undecodable("is truncated: its header ends early");
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value |= std::to_integer<std::uint32_t>(file[at + i]) << (8 * i);
  return value;
}

struct Header {
  std::size_t pixels;   // where they begin
  std::size_t palette;  // where it begins
  std::size_t colours;
  std::size_t width, height;
  std::size_t bits;
  bool top_down;

  [[nodiscard]] std::size_t row_bytes() const { return (width * bits / 8 + 3) / 4 * 4; }
};

Header read_header(Bytes file, const ReadLimits& limits) {
  Header header = {};
  header.pixels = little_endian(file, 10, 4);
  const std::size_t size = little_endian(file, 14, 4);
  const auto width = static_cast<std::int32_t>(little_endian(file, 18, 4));
  const auto height = static_cast<std::int32_t>(little_endian(file, 22, 4));
  header.bits = little_endian(file, 28, 2);
  const auto compression = little_endian(file, 30, 4);
  header.palette = 14 + size;
  header.colours = std::min<std::size_t>(little_endian(file, 46, 4), 256);
  if (header.colours == 0) header.colours = 256;
  const bool known_bits = header.bits == 8 || header.bits == 24 || header.bits == 32;
  // 3: masks that follow give the positions of the colours in 32 bits, in practice the usual ones.
  if (size < 40 || !known_bits || (compression != 0 && !(compression == 3 && header.bits == 32))) {
    throw Undecodable("is a BMP of a kind that is not read; valid: uncompressed, 8, 24 or 32 bits a pixel");
  }
  if (width <= 0 || height == 0) throw Undecodable("has no pixels");
  header.top_down = height < 0;
  header.width = static_cast<std::size_t>(width);
  header.height = static_cast<std::size_t>(std::abs(std::int64_t{height}));
  require_size(header.width, header.height, limits);
  if (header.pixels > file.size() || header.row_bytes() * header.height > file.size() - header.pixels) {
    throw Undecodable("is truncated: its pixels end early");
  }
  return header;
}

void copy_row(Bytes file, const Header& header, Bytes from, std::byte* to) {
  if (header.bits != 8) {
    for (std::size_t x = 0; x < header.width; ++x) std::copy_n(from.data() + x * header.bits / 8, 3, to + 3 * x);
    return;
  }
  for (std::size_t x = 0; x < header.width; ++x) {
    const auto colour = std::to_integer<std::size_t>(from[x]);
    const std::size_t entry = header.palette + 4 * colour;
    if (colour >= header.colours || entry + 3 > file.size()) throw Undecodable("has a pixel outside its palette");
    std::copy_n(file.data() + entry, 3, to + 3 * x);
  }
}

}  // namespace

Image decode_bmp(Bytes file, const ReadLimits& limits) {
  const Header header = read_header(file, limits);
  Image image(header.width, header.height, PixelFormat::bgr8);
  for (std::size_t y = 0; y < header.height; ++y) {
    const Bytes row = file.subspan(header.pixels + y * header.row_bytes(), header.row_bytes());
    copy_row(file, header, row, image.row(header.top_down ? y : header.height - 1 - y));
  }
  return image;
}

}  // namespace kernad::images
