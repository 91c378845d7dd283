// ImageModel. Calls run without the GIL.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "../arrays.hpp"
#include "../bind.hpp"
#include "../gil.hpp"
#include "bind.hpp"
#include "kernad/images.hpp"
#include "pixels.hpp"

namespace kernad::python {
namespace {

/// OpenVINO's threads do not survive a fork: in a child, a model of the parent can be saved, but neither judge nor be
/// destroyed.
class ImageModel : public images::ImageModel {
 public:
  explicit ImageModel(images::ImageModel model) : images::ImageModel(std::move(model)) {}
  ImageModel(ImageModel&&) = default;
  ImageModel(const ImageModel&) = delete;
  ImageModel& operator=(const ImageModel&) = delete;
  ~ImageModel() {
    if (!is_of_this_process()) static_cast<void>(new images::ImageModel(*this));
  }
  [[nodiscard]] bool is_of_this_process() const noexcept { return process_ == ::getpid(); }

 private:
  pid_t process_ = ::getpid();
};

template <typename T>
void set_option(const nb::dict& given, const char* name, T& option) {
  if (given.contains(name)) option = nb::cast<T>(given[name]);
}

constexpr std::array<const char*, 3> kOdd = {"reference", "leave-out", "keep"};  // as images::OddImages

images::OddImages to_odd(const std::string& name) {
  const auto* found = std::ranges::find(kOdd, name);
  if (found == kOdd.end()) {
    throw InvalidParameter("odd is '" + name + "'; valid: 'reference', 'leave-out' or 'keep'");
  }
  return static_cast<images::OddImages>(found - kOdd.begin());
}

/// options: those that are not at their defaults, by their names in ImageModelOptions and BackboneOptions.
images::ImageModelOptions to_image_options(const nb::dict& given) {
  images::ImageModelOptions options;
  if (given.contains("backbone")) options.backbone.path = to_path(nb::cast<nb::bytes>(given["backbone"]));
  if (given.contains("mask")) options.mask = to_path(nb::cast<nb::bytes>(given["mask"]));
  set_option(given, "layers", options.backbone.layers);
  set_option(given, "size", options.backbone.size);
  set_option(given, "mean", options.backbone.mean);
  set_option(given, "std", options.backbone.std);
  set_option(given, "components", options.components);
  set_option(given, "max_patches", options.max_patches);
  set_option(given, "seed", options.seed);
  set_option(given, "folds", options.folds);
  set_option(given, "tile", options.tile);
  set_option(given, "width", options.width);
  set_option(given, "bandwidth", options.bandwidth);
  set_option(given, "threads", options.threads);
  if (given.contains("odd")) options.odd = to_odd(nb::cast<std::string>(given["odd"]));
  return options;
}

/// images: (name, pixels or None) of each. on_unreadable: None, or called with a message for each that is left out.
/// target_fpr: None, or refused before the work if so many images cannot promise it.
void fit(ImageModel* self, const nb::list& images, const nb::dict& given_options, std::optional<double> target_fpr,
         const nb::object& progress, const nb::object& on_unreadable) {
  const auto given = given_images(images);
  auto options = to_image_options(given_options);
  FitProgress report;
  if (!progress.is_none()) {
    report = [&](std::size_t done, std::size_t total) {
      const nb::gil_scoped_acquire acquire;
      progress(done, total);
    };
  }
  if (!on_unreadable.is_none()) {
    options.on_unreadable = [&](const std::string& message) {
      const nb::gil_scoped_acquire acquire;
      on_unreadable(nb::bytes(message.data(), message.size()));
    };
  }
  images::ImageSource source;
  for (const GivenImage& image : given) source.names.push_back(image.name());
  source.read = [&](std::size_t i) { return given[i].read(); };
  const WithoutGil without_gil;
  if (target_fpr && given.size() >= 2) Calibration::require_fpr(*target_fpr, given.size());
  auto model = images::ImageModel::fit_from(source, options, report);
  if (target_fpr) model.set_target_fpr(*target_fpr);
  new (self) ImageModel(std::move(model));
}

ImageModel load(const nb::bytes& path, int threads) {
  const WithoutGil without_gil;
  return ImageModel(images::ImageModel::load(to_path(path), threads));
}

void save(const ImageModel& self, const nb::bytes& path) {
  const WithoutGil without_gil;
  self.save(to_path(path));
}

/// (surprisal, score, p_value, anomalous, (x, y, width, height) of the hottest box, map, (width, height) of the
/// image)
nb::tuple judge(const ImageModel& self, const nb::bytes& name, std::optional<Pixels> pixels) {
  const GivenImage given(to_path(name), std::move(pixels));
  images::Verdict verdict;
  std::size_t width = 0;
  std::size_t height = 0;
  {
    const WithoutGil without_gil;
    given.with_view([&](const images::ImageView& image) {
      width = image.width;
      height = image.height;
      verdict = self.judge(image);
    });
  }
  const images::Box& box = verdict.hottest;
  return nb::make_tuple(verdict.surprisal, verdict.score, verdict.p_value, verdict.anomalous,
                        nb::make_tuple(box.x, box.y, box.width, box.height), to_numpy(std::move(verdict.map)),
                        nb::make_tuple(width, height));
}

/// (image, name, (row, col), (distance, weight)) of each.
nb::list nearest(const ImageModel& self, const nb::bytes& name, std::optional<Pixels> pixels, std::size_t row,
                 std::size_t col, std::size_t count) {
  const GivenImage given(to_path(name), std::move(pixels));
  std::vector<images::NearPatch> near;
  {
    const WithoutGil without_gil;
    given.with_view([&](const images::ImageView& image) { near = self.nearest(image, row, col, count); });
  }
  nb::list result;
  for (const images::NearPatch& one : near) {
    result.append(nb::make_tuple(one.image, nb::bytes(one.name.data(), one.name.size()), std::pair(one.row, one.col),
                                 std::pair(one.distance, one.weight)));
  }
  return result;
}

nb::object overlay(const ImageModel& self, const nb::bytes& name, std::optional<Pixels> pixels) {
  const GivenImage given(to_path(name), std::move(pixels));
  images::Image result;
  {
    const WithoutGil without_gil;
    given.with_view([&](const images::ImageView& image) {
      result = images::overlay(image, self.judge(image).map, self.heat_scale());
    });
  }
  return to_array(std::move(result));
}

nb::dict report(const ImageModel& self) {
  const images::ImageModelReport& r = self.report();
  nb::dict result;
  result["images"] = r.images;
  result["grid"] = nb::make_tuple(r.grid_rows, r.grid_cols);
  result["channels"] = r.channels;
  result["components"] = r.components;
  result["explained_variance"] = r.explained_variance;
  result["masked"] = r.masked;
  result["patches"] = r.patches;
  result["width"] = r.width;
  result["bandwidth"] = r.bandwidth;
  result["held_out_log_likelihood"] = r.held_out_log_likelihood;
  result["backbone"] = r.backbone;
  result["backbone_hash"] = r.backbone_hash;
  result["layers"] = nb::tuple(nb::cast(r.layers));
  result["size"] = r.size;
  nb::list odd;
  for (const images::OddImage& one : r.odd) {
    odd.append(nb::make_tuple(nb::bytes(one.name.data(), one.name.size()), one.surprisal, one.usual,
                              one.beyond_gap ? kOdd[static_cast<std::size_t>(one.treatment)] : "far"));
  }
  result["odd"] = odd;
  return result;
}

nb::dict calibration(const ImageModel& self) {
  const Calibration& c = self.calibration();
  nb::dict result;
  result["log_densities"] = copy_to_numpy(c.log_densities());
  result["folds"] = c.folds();
  result["smallest_fpr"] = c.smallest_fpr();
  return result;
}

}  // namespace

void bind_image_model(nb::module_& m) {
  nb::class_<ImageModel>(m, "ImageModel")
      .def("__init__", &fit, nb::arg("images"), nb::arg("options"), nb::arg("target_fpr").none(),
           nb::arg("progress").none(), nb::arg("on_unreadable").none())
      .def_static("load", &load, nb::arg("path"), nb::arg("threads"))
      .def("save", &save, nb::arg("path"))
      .def("judge", &judge, nb::arg("name"), nb::arg("pixels").none())
      .def("nearest", &nearest, nb::arg("name"), nb::arg("pixels").none(), nb::arg("row"), nb::arg("col"),
           nb::arg("count"))
      .def("overlay", &overlay, nb::arg("name"), nb::arg("pixels").none())
      .def("set_target_fpr", &ImageModel::set_target_fpr, nb::arg("rate"))
      .def_prop_ro("target_fpr", &ImageModel::target_fpr)
      .def_prop_ro("threshold", &ImageModel::threshold)
      .def_prop_ro("heat_scale",
                   [](const ImageModel& self) { return std::pair(self.heat_scale().usual, self.heat_scale().limit); })
      .def_prop_ro("is_of_this_process", &ImageModel::is_of_this_process)
      .def("report", &report)
      .def("calibration", &calibration);
}

}  // namespace kernad::python
