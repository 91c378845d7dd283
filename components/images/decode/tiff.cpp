// TIFF by libtiff: its first page. 16 bits are kept; everything else goes through libtiff's own conversion to RGBA.
#include <tiffio.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

#include "formats.hpp"

namespace kernad::images {
namespace {

struct TiffFile {
  Bytes bytes;
  std::size_t at = 0;
  std::string error;
};

tmsize_t read_some(thandle_t handle, void* to, tmsize_t size) {
  auto& file = *static_cast<TiffFile*>(handle);
  const std::size_t count =
      std::min(static_cast<std::size_t>(std::max<tmsize_t>(size, 0)), file.bytes.size() - file.at);
  std::memcpy(to, file.bytes.data() + file.at, count);
  file.at += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t write_nothing(thandle_t /*handle*/, void* /*from*/, tmsize_t /*size*/) { return -1; }

toff_t seek(thandle_t handle, toff_t offset, int whence) {
  auto& file = *static_cast<TiffFile*>(handle);
  const toff_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file.at : file.bytes.size();
  file.at = static_cast<std::size_t>(std::min<toff_t>(base + offset, file.bytes.size()));
  return file.at;
}

int close_nothing(thandle_t /*handle*/) { return 0; }
toff_t size_of_file(thandle_t handle) { return static_cast<TiffFile*>(handle)->bytes.size(); }

int remember_error(TIFF* /*tiff*/, void* handle, const char* /*module*/, const char* format, va_list arguments) {
  auto& error = static_cast<TiffFile*>(handle)->error;
  char text[200] = {};
  if (error.empty() && std::vsnprintf(text, sizeof text, format, arguments) > 0) error = text;
  return 1;
}

int ignore_warning(TIFF* /*tiff*/, void* /*handle*/, const char* /*module*/, const char* /*format*/, va_list /*args*/) {
  return 1;
}

using Tiff = std::unique_ptr<TIFF, void (*)(TIFF*)>;

Tiff open(TiffFile& file) {
  const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                             TIFFOpenOptionsFree);
  if (!options) throw std::bad_alloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), tmsize_t{1} << 30);  // limits what a header may request at once
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), remember_error, &file);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), ignore_warning, &file);
  return {TIFFClientOpenExt("image", "rm", &file, read_some, write_nothing, seek, close_nothing, size_of_file, nullptr,
                            nullptr, options.get()),
          TIFFClose};
}

template <typename T>
T field(TIFF* tiff, std::uint32_t tag, T otherwise) {
  T value = otherwise;
  return TIFFGetFieldDefaulted(tiff, tag, &value) == 1 ? value : otherwise;
}

/// 16 bits in rows of grey, RGB or RGBA.
Image read_deep(TIFF* tiff, TiffFile& file, std::size_t width, std::size_t height) {
  const auto samples = field<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  const auto colours = field<std::uint16_t>(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
  const bool grey = samples == 1 && (colours == PHOTOMETRIC_MINISBLACK || colours == PHOTOMETRIC_MINISWHITE);
  const bool colour = (samples == 3 || samples == 4) && colours == PHOTOMETRIC_RGB;
  if ((!grey && !colour) || field<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG, 1) != PLANARCONFIG_CONTIG ||
      TIFFIsTiled(tiff) != 0) {
    throw Undecodable("is a 16-bit TIFF of a kind that is not read; valid: grey, RGB or RGBA in rows");
  }
  Image image(width, height, grey ? PixelFormat::grey16 : samples == 3 ? PixelFormat::rgb16 : PixelFormat::rgba16);
  if (static_cast<std::size_t>(TIFFScanlineSize(tiff)) != image.row_bytes())
    throw Undecodable("has rows of a wrong size");
  for (std::size_t y = 0; y < height; ++y) {
    if (TIFFReadScanline(tiff, image.row(y), static_cast<std::uint32_t>(y), 0) != 1) {
      throw Undecodable("is truncated or damaged: " + file.error);
    }
    if (colours != PHOTOMETRIC_MINISWHITE) continue;
    for (std::byte* byte = image.row(y); byte != image.row(y) + image.row_bytes(); ++byte) *byte = ~*byte;
  }
  return upright(std::move(image), field<std::uint16_t>(tiff, TIFFTAG_ORIENTATION, 1));
}

Image read_plain(TIFF* tiff, TiffFile& file, std::size_t width, std::size_t height) {
  char reason[1024] = {};
  if (TIFFRGBAImageOK(tiff, reason) != 1)
    throw Undecodable(std::string("is a TIFF of a kind that is not read: ") + reason);
  Image image(width, height, PixelFormat::rgba8);
  const auto orientation = field<std::uint16_t>(tiff, TIFFTAG_ORIENTATION, 1);
  // With the file's own orientation, rows are copied unchanged; stop on error, or truncated files would be half grey.
  if (TIFFReadRGBAImageOriented(tiff, static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height),
                                reinterpret_cast<std::uint32_t*>(image.row(0)), orientation, 1) != 1 ||
      !file.error.empty()) {
    throw Undecodable("is truncated or damaged: " + file.error);
  }
  return upright(std::move(image), orientation);
}

}  // namespace

Image decode_tiff(Bytes bytes, const ReadLimits& limits) {
  TiffFile file;
  file.bytes = bytes;
  const Tiff tiff = open(file);
  if (!tiff) throw Undecodable("is no readable TIFF: " + file.error);
  const auto width = field<std::uint32_t>(tiff.get(), TIFFTAG_IMAGEWIDTH, 0);
  const auto height = field<std::uint32_t>(tiff.get(), TIFFTAG_IMAGELENGTH, 0);
  require_size(width, height, limits);
  if (field<std::uint16_t>(tiff.get(), TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK) == PHOTOMETRIC_SEPARATED) {
    throw Undecodable("is a CMYK image, whose colours depend on a printer; valid: grey or RGB");
  }
  const auto sample = field<std::uint16_t>(tiff.get(), TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  const auto bits = field<std::uint16_t>(tiff.get(), TIFFTAG_BITSPERSAMPLE, 1);
  if (sample != SAMPLEFORMAT_UINT || bits > 16) {
    throw Undecodable("has pixels of " + std::to_string(bits) +
                      " bits that are no whole numbers from 0; valid: 8 or 16 bits");
  }
  return bits == 16 ? read_deep(tiff.get(), file, width, height) : read_plain(tiff.get(), file, width, height);
}

}  // namespace kernad::images
