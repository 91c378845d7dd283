// kernad._images: the C++ component of images without added arithmetic. Python users see kernad.images.
#include <nanobind/nanobind.h>

#include <algorithm>
#include <utility>

#include "../arrays.hpp"
#include "../bind.hpp"
#include "../gil.hpp"
#include "bind.hpp"
#include "kernad/images.hpp"
#include "pixels.hpp"

namespace kernad::python {
namespace {

nb::bytes path_of(const std::string& path) { return nb::bytes(path.data(), path.size()); }

nb::object read_image(const nb::bytes& path) {
  images::Image image;
  {
    const WithoutGil without_gil;
    image = images::read_image(to_path(path));
  }
  return to_array(std::move(image));
}

nb::list training_images(const nb::bytes& source) {
  nb::list paths;
  for (const auto& path : images::training_images(to_path(source))) paths.append(path_of(path));
  return paths;
}

/// (path, kind, mask) of each.
nb::list mvtec_test_set(const nb::bytes& folder) {
  nb::list images;
  for (const auto& one : images::mvtec_test_set(to_path(folder))) {
    images.append(nb::make_tuple(path_of(one.path), path_of(one.kind), path_of(one.mask)));
  }
  return images;
}

Floats enlarge(const Rows& patches, std::size_t width, std::size_t height) {
  const auto rows = view(patches);
  Embeddings copy(rows.rows(), rows.cols());
  for (std::size_t i = 0; i < copy.rows(); ++i) std::ranges::copy(rows.row(i), copy.data() + i * copy.cols());
  Embeddings large;
  {
    const WithoutGil without_gil;
    large = images::ImageModel::enlarge(copy, width, height);
  }
  return to_numpy(std::move(large));
}

}  // namespace
}  // namespace kernad::python

NB_MODULE(_images, m) {
  using namespace kernad::python;
  m.doc() = "The C++ component of images behind kernad.images, whose classes prepare what comes in.";
  bind_errors();
  bind_image_model(m);
  m.def("read_image", &read_image, nb::arg("path"));
  m.def("training_images", &training_images, nb::arg("source"));
  m.def("mvtec_test_set", &mvtec_test_set, nb::arg("folder"));
  m.def("enlarge", &enlarge, nb::arg("patches").noconvert(), nb::arg("width"), nb::arg("height"));
}
