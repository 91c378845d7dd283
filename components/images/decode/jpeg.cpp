// JPEG by libjpeg-turbo.
#include <turbojpeg.h>

#include <limits>
#include <memory>
#include <string_view>

#include "formats.hpp"

namespace kernad::images {
namespace {

using Codec = std::unique_ptr<void, int (*)(tjhandle)>;

/// The library only warns of truncated data and continues: half an image would be judged. Extra bytes between segments
/// are harmless.
bool is_harmless(tjhandle decoder) {
  return tjGetErrorCode(decoder) == TJERR_WARNING &&
         std::string_view(tjGetErrorStr2(decoder)).find("extraneous bytes") != std::string_view::npos;
}

}  // namespace

Image decode_jpeg(Bytes file, const ReadLimits& limits) {
  const Codec decoder(tjInitDecompress(), tjDestroy);
  if (!decoder) throw std::bad_alloc();
  const auto* bytes = reinterpret_cast<const unsigned char*>(file.data());
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colours = 0;
  if (tjDecompressHeader3(decoder.get(), bytes, file.size(), &width, &height, &subsampling, &colours) != 0) {
    throw Undecodable(std::string("is no readable JPEG: ") + tjGetErrorStr2(decoder.get()));
  }
  require_size(static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height), limits);
  if (colours == TJCS_CMYK || colours == TJCS_YCCK) {
    throw Undecodable("is a CMYK image, whose colours depend on a printer; valid: grey or RGB");
  }
  const bool grey = colours == TJCS_GRAY;
  Image image(static_cast<std::size_t>(width), static_cast<std::size_t>(height),
              grey ? PixelFormat::grey8 : PixelFormat::rgb8);
  if (image.row_bytes() > std::size_t{std::numeric_limits<int>::max()}) throw Undecodable("has rows that are too long");
  const int status = tjDecompress2(decoder.get(), bytes, file.size(), reinterpret_cast<unsigned char*>(image.row(0)),
                                   width, static_cast<int>(image.row_bytes()), height, grey ? TJPF_GRAY : TJPF_RGB,
                                   TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS);
  if (status != 0 && !is_harmless(decoder.get())) {
    throw Undecodable(std::string("is truncated or damaged: ") + tjGetErrorStr2(decoder.get()));
  }
  return upright(std::move(image), exif_orientation(file));
}

std::vector<std::byte> encode_jpeg(ImageView image, int quality) {
  if (image.format != PixelFormat::rgb8) throw InvalidParameter("only rgb8 images are encoded as JPEG");
  const Codec encoder(tjInitCompress(), tjDestroy);
  if (!encoder) throw std::bad_alloc();
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  const int status = tjCompress2(encoder.get(), static_cast<const unsigned char*>(image.data),
                                 static_cast<int>(image.width), static_cast<int>(image.row_bytes),
                                 static_cast<int>(image.height), TJPF_RGB, &bytes, &size, TJSAMP_420, quality, 0);
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(bytes, tjFree);
  if (status != 0) throw InvalidParameter(std::string("no JPEG: ") + tjGetErrorStr2(encoder.get()));
  const auto* begin = reinterpret_cast<const std::byte*>(bytes);
  return {begin, begin + size};
}

}  // namespace kernad::images
