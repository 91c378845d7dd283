#include "pixels.hpp"

#include <cstring>
#include <memory>
#include <utility>

#include "../bind.hpp"

namespace kernad::python {
namespace {

using images::PixelFormat;

PixelFormat format_of(const std::string& name, const Pixels& pixels) {
  const bool wide = pixels.dtype() == nb::dtype<std::uint16_t>();
  if (wide || pixels.dtype() == nb::dtype<std::uint8_t>()) {
    switch (pixels.shape(2)) {
      case 1:
        return wide ? PixelFormat::grey16 : PixelFormat::grey8;
      case 3:
        return wide ? PixelFormat::rgb16 : PixelFormat::rgb8;
      case 4:
        return wide ? PixelFormat::rgba16 : PixelFormat::rgba8;
      default:
        break;
    }
  }
  throw InvalidInput(name + ": has pixels of an unknown kind");
}

/// Copies the colours of a row of T, red first.
template <typename T>
void copy_colours(const std::byte* from, std::size_t width, std::size_t channels, bool blue_first, T* to) {
  const std::size_t colours = channels == 1 ? 1 : 3;
  for (std::size_t x = 0; x < width; ++x) {
    for (std::size_t c = 0; c < colours; ++c) {
      const std::size_t at = x * channels + (blue_first ? 2 - c : c);
      std::memcpy(to + x * colours + c, from + at * sizeof(T), sizeof(T));
    }
  }
}

template <typename T>
nb::object to_array_of(const images::Image& image) {
  const PixelFormat format = image.format();
  const std::size_t channels = images::channels_of(format);
  const std::size_t colours = channels == 1 ? 1 : 3;
  const bool blue_first = format == PixelFormat::bgr8 || format == PixelFormat::bgra8 || format == PixelFormat::bgr16 ||
                          format == PixelFormat::bgra16;
  auto owner = std::make_unique<std::vector<T>>(image.width() * image.height() * colours);
  for (std::size_t y = 0; y < image.height(); ++y) {
    copy_colours(image.row(y), image.width(), channels, blue_first, owner->data() + y * image.width() * colours);
  }
  T* data = owner->data();
  const nb::capsule keep(owner.release(), [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::cast(nb::ndarray<nb::numpy, T, nb::ndim<3>>(data, {image.height(), image.width(), colours}, keep));
}

}  // namespace

GivenImage::GivenImage(std::string name, std::optional<Pixels> pixels)
    : name_(std::move(name)), pixels_(std::move(pixels)) {
  if (!pixels_) return;
  view_.format = format_of(name_, *pixels_);
  view_.data = pixels_->data();
  view_.height = pixels_->shape(0);
  view_.width = pixels_->shape(1);
  view_.row_bytes = view_.width * images::bytes_of(view_.format);
}

images::Image GivenImage::read() const {
  if (!pixels_) return images::read_image(name_);
  images::Image copy(view_.width, view_.height, view_.format);
  if (view_.height != 0) std::memcpy(copy.row(0), view_.data, view_.height * view_.row_bytes);
  return copy;
}

std::vector<GivenImage> given_images(const nb::list& pairs) {
  std::vector<GivenImage> images;
  for (const nb::handle pair : pairs) {
    const auto [name, pixels] = nb::cast<std::pair<nb::bytes, nb::object>>(pair);
    std::optional<Pixels> array;
    if (!pixels.is_none()) array = nb::cast<Pixels>(pixels);
    images.emplace_back(to_path(name), std::move(array));
  }
  return images;
}

nb::object to_array(images::Image image) {
  return image.format() >= PixelFormat::grey16 ? to_array_of<std::uint16_t>(image) : to_array_of<std::uint8_t>(image);
}

}  // namespace kernad::python
