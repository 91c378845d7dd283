// PNG by libpng, which reports errors by longjmp: functions that it may leave hold no objects with destructors.
#include <png.h>
#include <setjmp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string_view>

#include "formats.hpp"
#include "kernad/io.hpp"

namespace kernad::images {
namespace {

struct PngFile {
  Bytes rest;
  std::array<char, 200> error = {};
  png_structp png = nullptr;
  png_infop info = nullptr;
  bool writing = false;

  PngFile() = default;
  PngFile(const PngFile&) = delete;
  PngFile& operator=(const PngFile&) = delete;
  ~PngFile() {
    if (writing) {
      png_destroy_write_struct(&png, &info);
    } else {
      png_destroy_read_struct(&png, &info, nullptr);
    }
  }
};

void on_error(png_structp png, png_const_charp message) {
  auto& error = static_cast<PngFile*>(png_get_error_ptr(png))->error;
  const std::string_view text = message;
  std::copy_n(text.data(), std::min(text.size(), error.size() - 1), error.data());
  png_longjmp(png, 1);
}

void on_warning(png_structp /*png*/, png_const_charp /*message*/) {}

void read_bytes(png_structp png, png_bytep to, std::size_t count) {
  auto& rest = static_cast<PngFile*>(png_get_io_ptr(png))->rest;
  if (count > rest.size()) png_error(png, "ends early");
  std::memcpy(to, rest.data(), count);
  rest = rest.subspan(count);
}

/// Reads everything before the pixels. False if libpng failed.
bool read_head(PngFile& file) {
  if (setjmp(png_jmpbuf(file.png)) != 0) return false;
  png_set_read_fn(file.png, &file, read_bytes);
  png_read_info(file.png, file.info);
  png_set_expand(file.png);  // palettes and small greys to 8 bits, transparency to alpha
  png_set_strip_alpha(file.png);
  if (std::endian::native == std::endian::little) png_set_swap(file.png);  // 16 bits are big-endian in the file
  png_set_interlace_handling(file.png);
  png_read_update_info(file.png, file.info);
  return true;
}

bool read_pixels(PngFile& file, png_bytep* rows) {
  if (setjmp(png_jmpbuf(file.png)) != 0) return false;
  png_read_image(file.png, rows);
  png_read_end(file.png, file.info);
  return true;
}

PixelFormat format_of(const PngFile& file) {
  const bool grey = png_get_channels(file.png, file.info) == 1;
  if (png_get_bit_depth(file.png, file.info) == 16) return grey ? PixelFormat::grey16 : PixelFormat::rgb16;
  return grey ? PixelFormat::grey8 : PixelFormat::rgb8;
}

int orientation_of(const PngFile& file) {
  png_uint_32 size = 0;
  png_bytep block = nullptr;
  if (png_get_eXIf_1(file.png, file.info, &size, &block) == 0) return 1;
  std::vector<std::byte> exif(6 + size);
  std::memcpy(exif.data(), "Exif\0\0", 6);
  std::memcpy(exif.data() + 6, block, size);
  return exif_orientation(exif);
}

std::vector<png_bytep> rows_of(Image& image) {
  std::vector<png_bytep> rows;
  rows.reserve(image.height());
  for (std::size_t y = 0; y < image.height(); ++y) rows.push_back(reinterpret_cast<png_bytep>(image.row(y)));
  return rows;
}

void append_bytes(png_structp png, png_bytep from, std::size_t count) {
  auto& bytes = *static_cast<std::vector<std::byte>*>(png_get_io_ptr(png));
  const auto* begin = reinterpret_cast<const std::byte*>(from);
  bytes.insert(bytes.end(), begin, begin + count);
}

bool write_pixels(PngFile& file, std::vector<std::byte>& bytes, png_bytep* rows, const ImageView& image) {
  if (setjmp(png_jmpbuf(file.png)) != 0) return false;
  png_set_write_fn(file.png, &bytes, append_bytes, nullptr);
  png_set_IHDR(file.png, file.info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height), 8,
               image.format == PixelFormat::grey8 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(file.png, 3);  // half the time of the default for a few percent more bytes
  png_write_info(file.png, file.info);
  if (image.format == PixelFormat::bgr8) png_set_bgr(file.png);
  png_write_image(file.png, rows);
  png_write_end(file.png, file.info);
  return true;
}

}  // namespace

Image decode_png(Bytes bytes, const ReadLimits& limits) {
  PngFile file;
  file.rest = bytes;
  file.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &file, on_error, on_warning);
  if (file.png == nullptr) throw std::bad_alloc();
  file.info = png_create_info_struct(file.png);
  if (file.info == nullptr) throw std::bad_alloc();
  png_set_chunk_malloc_max(file.png, 8U << 20U);  // against a comment that decompresses to gigabytes
  if (!read_head(file)) throw Undecodable(std::string("is no readable PNG: ") + file.error.data());
  const auto width = png_get_image_width(file.png, file.info);
  const auto height = png_get_image_height(file.png, file.info);
  require_size(width, height, limits);
  Image image(width, height, format_of(file));
  if (png_get_rowbytes(file.png, file.info) != image.row_bytes()) throw Undecodable("has pixels of an unknown kind");
  auto rows = rows_of(image);
  if (!read_pixels(file, rows.data())) {
    throw Undecodable(std::string("is truncated or damaged: ") + file.error.data());
  }
  return upright(std::move(image), orientation_of(file));
}

void write_png(const std::string& path, ImageView image) {
  if (bytes_of(image.format) != (image.format == PixelFormat::grey8 ? 1 : 3)) {
    throw InvalidParameter(path + ": only images of format grey8, rgb8 and bgr8 are written");
  }
  PngFile file;
  file.writing = true;
  file.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &file, on_error, on_warning);
  if (file.png == nullptr) throw std::bad_alloc();
  file.info = png_create_info_struct(file.png);
  if (file.info == nullptr) throw std::bad_alloc();
  std::vector<png_bytep> rows;
  for (std::size_t y = 0; y < image.height; ++y) {
    // libpng takes rows as mutable, but only reads them.
    const auto* row = static_cast<const unsigned char*>(image.data) + y * image.row_bytes;
    rows.push_back(const_cast<png_bytep>(row));
  }
  std::vector<std::byte> bytes;
  if (!write_pixels(file, bytes, rows.data(), image)) throw WriteError(path + ": " + file.error.data());
  write_file_atomically(path, bytes);
}

}  // namespace kernad::images
