// Images from Python: files by name, or pixels in NumPy's memory.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <optional>
#include <string>
#include <vector>

#include "kernad/images.hpp"

namespace kernad::python {

namespace nb = nanobind;

/// Rows x columns x channels (1, 3 or 4: grey, RGB, RGBA) of uint8 or uint16.
using Pixels = nb::ndarray<nb::ro, nb::ndim<3>, nb::c_contig, nb::device::cpu>;

/// An image of a call. Keeps the array alive.
class GivenImage {
 public:
  /// name: a path, or what messages call the pixels. Throws InvalidInput for pixels of another type.
  GivenImage(std::string name, std::optional<Pixels> pixels);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Reads the file, or copies the pixels. Throws as images::read_image does.
  [[nodiscard]] images::Image read() const;
  /// Calls use(view) without a copy of pixels. InvalidInput from it gets the image's name.
  template <typename Use>
  auto with_view(const Use& use) const {
    const images::Image file = pixels_ ? images::Image() : images::read_image(name_);
    try {
      return use(pixels_ ? view_ : file.view());
    } catch (const InvalidInput& error) {
      throw InvalidInput(name_ + ": " + error.what());
    }
  }

 private:
  std::string name_;
  std::optional<Pixels> pixels_;
  images::ImageView view_;
};

/// From a list of (name: bytes, pixels or None).
[[nodiscard]] std::vector<GivenImage> given_images(const nb::list& pairs);

/// Rows x columns x channels of an image, red first, without alpha.
[[nodiscard]] nb::object to_array(images::Image image);

}  // namespace kernad::python
