// KDEClassifier's calibration. As in classifier.cpp, every change is made to a copy that shares the fitted state.
#include "kernad/calibration.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "gil.hpp"
#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"

namespace kernad::python {
namespace {

using Bytes = nb::ndarray<nb::numpy, std::uint8_t, nb::ndim<1>>;
using Labels = nb::ndarray<const std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

Bytes bytes_to_numpy(std::vector<std::uint8_t> values) {
  auto* owner = new std::vector<std::uint8_t>(std::move(values));
  const nb::capsule keep(owner, [](void* p) noexcept { delete static_cast<std::vector<std::uint8_t>*>(p); });
  return {owner->data(), {owner->size()}, keep};
}

/// Runs `calibrate` on a copy without the GIL, and adopts the result only if the rate, if any, is possible.
void recalibrate(KDEClassifier& self, int threads, std::optional<double> target_fpr, const auto& calibrate) {
  KDEClassifier copy = self;
  copy.set_threads(threads);
  {
    const WithoutGil without_gil;
    // A rate that was set earlier need not be possible with these rows.
    if (target_fpr && copy.has_threshold()) copy.clear_threshold();
    calibrate(copy);
    if (target_fpr) copy.set_target_fpr(*target_fpr);
  }
  self = std::move(copy);
}

/// The held-out log-density of each row that the fit used.
Doubles run_calibration(KDEClassifier& self, std::optional<double> target_fpr, int threads, const nb::object& progress,
                        const auto& calibrate) {
  FitProgress report;
  if (!progress.is_none()) {
    report = [&](std::size_t done, std::size_t total) {
      const nb::gil_scoped_acquire acquire;
      progress(done, total);
    };
  }
  std::vector<double> held_out;
  recalibrate(self, threads, target_fpr, [&](KDEClassifier& copy) { held_out = calibrate(copy, report); });
  return to_numpy(std::move(held_out));
}

template <typename Array>
Doubles calibrate(KDEClassifier& self, const Array& rows, std::size_t folds, std::optional<double> target_fpr,
                  int threads, const nb::object& progress) {
  return run_calibration(self, target_fpr, threads, progress, [&](KDEClassifier& copy, const FitProgress& report) {
    return copy.calibrate(view(rows), folds, report);
  });
}

/// weights: one per row.
template <typename Array>
Doubles calibrate_weighted(KDEClassifier& self, const Array& rows, const Scores& weights, std::size_t folds,
                           std::optional<double> target_fpr, int threads, const nb::object& progress) {
  return run_calibration(self, target_fpr, threads, progress, [&](KDEClassifier& copy, const FitProgress& report) {
    return copy.calibrate(view(rows), view(weights), folds, report);
  });
}

template <typename Array>
void calibrate_from(KDEClassifier& self, const Array& rows, std::optional<double> target_fpr, int threads) {
  recalibrate(self, threads, target_fpr, [&](KDEClassifier& copy) { copy.calibrate_from(view(rows)); });
}

void set_threshold(KDEClassifier& self, const std::string& rule, double value) {
  if (rule == to_string(ThresholdRule::target_fpr)) {
    self.set_target_fpr(value);
  } else if (rule == to_string(ThresholdRule::log_density)) {
    self.set_threshold(Threshold::at_log_density(value));
  } else if (rule == to_string(ThresholdRule::probability)) {
    self.set_threshold(Threshold::at_probability(value));
  } else {
    throw InvalidParameter("threshold rule '" + rule + "' is not known; valid: target_fpr, log_density, probability");
  }
}

void set_threshold_f1(KDEClassifier& self, const Scores& log_densities, const Labels& labels) {
  self.set_threshold(Threshold::at_largest_f1(view(log_densities), {labels.data(), labels.shape(0)}));
}

nb::object calibration(const KDEClassifier& self) {
  if (!self.is_calibrated()) return nb::none();
  const Calibration& c = self.calibration();
  nb::dict result;
  result["log_densities"] = copy_to_numpy(c.log_densities());
  result["folds"] = c.folds();
  result["smallest_fpr"] = c.smallest_fpr();
  return result;
}

nb::object threshold(const KDEClassifier& self) {
  if (!self.has_threshold()) return nb::none();
  const Threshold& t = self.threshold();
  nb::dict result;
  result["rule"] = std::string(to_string(t.rule));
  result["value"] = t.value;
  result["log_density"] = t.log_density;
  return result;
}

Doubles p_values(const KDEClassifier& self, const Scores& log_densities) {
  return to_numpy(self.calibration().p_values(view(log_densities)));
}

Bytes labels(const KDEClassifier& self, const Scores& log_densities) {
  return bytes_to_numpy(self.threshold().labels(view(log_densities)));
}

Bytes discoveries(const Scores& p_values, double fdr) {
  return bytes_to_numpy(benjamini_hochberg(view(p_values), fdr));
}

}  // namespace

void bind_calibration(nb::module_& m, nb::class_<KDEClassifier>& classifier) {
  classifier
      .def("calibrate", &calibrate<Rows>, nb::arg("rows").noconvert(), nb::arg("folds"), nb::arg("target_fpr").none(),
           nb::arg("threads"), nb::arg("progress").none(),
           nb::sig("def calibrate(self, rows: numpy.typing.NDArray[numpy.float32], folds: int, target_fpr: float | "
                   "None, threads: int, "
                   "progress: collections.abc.Callable[[int, int], object] | None) -> "
                   "numpy.typing.NDArray[numpy.float64]"))
      .def("calibrate", &calibrate<DoubleRows>, nb::arg("rows").noconvert(), nb::arg("folds"),
           nb::arg("target_fpr").none(), nb::arg("threads"), nb::arg("progress").none(),
           nb::sig("def calibrate(self, rows: numpy.typing.NDArray[numpy.float64], folds: int, target_fpr: float | "
                   "None, threads: int, "
                   "progress: collections.abc.Callable[[int, int], object] | None) -> "
                   "numpy.typing.NDArray[numpy.float64]"))
      .def("calibrate", &calibrate<Sketch>, nb::arg("sketch"), nb::arg("folds"), nb::arg("target_fpr").none(),
           nb::arg("threads"), nb::arg("progress").none(),
           nb::sig("def calibrate(self, sketch: Sketch, folds: int, target_fpr: float | None, threads: int, "
                   "progress: collections.abc.Callable[[int, int], object] | None) -> "
                   "numpy.typing.NDArray[numpy.float64]"))
      .def("calibrate_weighted", &calibrate_weighted<Rows>, nb::arg("rows").noconvert(), nb::arg("weights"),
           nb::arg("folds"), nb::arg("target_fpr").none(), nb::arg("threads"), nb::arg("progress").none(),
           nb::sig("def calibrate_weighted(self, rows: numpy.typing.NDArray[numpy.float32], "
                   "weights: numpy.typing.NDArray[numpy.float64], folds: int, target_fpr: float | None, threads: int, "
                   "progress: collections.abc.Callable[[int, int], object] | None) -> "
                   "numpy.typing.NDArray[numpy.float64]"))
      .def("calibrate_weighted", &calibrate_weighted<DoubleRows>, nb::arg("rows").noconvert(), nb::arg("weights"),
           nb::arg("folds"), nb::arg("target_fpr").none(), nb::arg("threads"), nb::arg("progress").none(),
           nb::sig("def calibrate_weighted(self, rows: numpy.typing.NDArray[numpy.float64], "
                   "weights: numpy.typing.NDArray[numpy.float64], folds: int, target_fpr: float | None, threads: int, "
                   "progress: collections.abc.Callable[[int, int], object] | None) -> "
                   "numpy.typing.NDArray[numpy.float64]"))
      .def("calibrate_from", &calibrate_from<Rows>, nb::arg("rows").noconvert(), nb::arg("target_fpr").none(),
           nb::arg("threads"))
      .def("calibrate_from", &calibrate_from<DoubleRows>, nb::arg("rows").noconvert(), nb::arg("target_fpr").none(),
           nb::arg("threads"))
      .def("set_threshold", &set_threshold, nb::arg("rule"), nb::arg("value"))
      .def("set_threshold_f1", &set_threshold_f1, nb::arg("log_densities").noconvert(), nb::arg("labels").noconvert(),
           nb::sig("def set_threshold_f1(self, log_densities: numpy.typing.NDArray[numpy.float64], "
                   "labels: numpy.typing.NDArray[numpy.uint8]) -> None"))
      .def("calibration", &calibration, nb::sig("def calibration(self) -> dict[str, typing.Any] | None"))
      .def("threshold", &threshold, nb::sig("def threshold(self) -> dict[str, typing.Any] | None"))
      .def("p_values", &p_values, nb::arg("log_densities").noconvert())
      .def("labels", &labels, nb::arg("log_densities").noconvert());
  m.attr("PROBABILITY_SLOPE") = probability_slope;
  m.attr("PROBABILITY_MIDPOINT") = probability_midpoint;
  m.def("benjamini_hochberg", &discoveries, nb::arg("p_values").noconvert(), nb::arg("fdr"));
}

}  // namespace kernad::python
