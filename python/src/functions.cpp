// The library's free functions.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "gil.hpp"
#include "kernad/io.hpp"
#include "kernad/metrics.hpp"
#include "kernad/sampling.hpp"
#include "kernad/system_info.hpp"

namespace kernad::python {
namespace {

nb::ndarray<nb::numpy, std::int64_t, nb::ndim<1>> sample(std::size_t rows, std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> chosen;
  {
    const WithoutGil without_gil;
    chosen = sample_rows(rows, count, seed);
  }
  auto* owner = new std::vector<std::int64_t>(chosen.begin(), chosen.end());
  const nb::capsule keep(owner, [](void* p) noexcept { delete static_cast<std::vector<std::int64_t>*>(p); });
  return {owner->data(), {owner->size()}, keep};
}

nb::dict info() {
  const SystemInfo system = system_info();
  nb::dict result;
  result["version"] = system.version;
  result["cpu"] = system.cpu;
  result["kernel_target"] = system.kernel_target;
  result["kernel_targets"] = system.kernel_targets;
  result["blas"] = system.blas;
  result["threads"] = system.threads;
  return result;
}

using Labels = nb::ndarray<const std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

nb::dict metrics(const Scores& scores, const Labels& labels) {
  DetectionMetrics values;
  {
    const WithoutGil without_gil;
    values = evaluate(view(scores), {labels.data(), labels.shape(0)});
  }
  nb::dict result;
  result["image_AUROC"] = values.image_AUROC;
  result["AUPR"] = values.AUPR;
  result["F1Max"] = values.F1Max;
  result["F1Max_threshold"] = values.F1Max_threshold;
  result["FPR_at_95TPR"] = values.FPR_at_95TPR;
  result["normal_count"] = values.normal_count;
  result["anomalous_count"] = values.anomalous_count;
  return result;
}

}  // namespace

void bind_functions(nb::module_& m) {
  m.def("sample_rows", &sample, nb::arg("rows"), nb::arg("count"), nb::arg("seed"));
  m.def("evaluate", &metrics, nb::arg("scores").noconvert(), nb::arg("labels").noconvert(),
        nb::sig("def evaluate(scores: numpy.typing.NDArray[numpy.float64], "
                "labels: numpy.typing.NDArray[numpy.uint8]) -> dict[str, typing.Any]"));
  m.def(
      "match_columns",
      [](const std::vector<std::string>& wanted, const std::vector<std::string>& found,
         const std::vector<std::string>& known) { return match_columns(wanted, found, known); },
      nb::arg("wanted"), nb::arg("found"), nb::arg("known"));
  m.def(
      "parse_labels",
      [](const std::vector<std::string>& texts, const std::string& what, const std::string& normal_label,
         const std::string& column) {
        return parse_labels(texts, what, {.normal_label = normal_label, .column = column});
      },
      nb::arg("texts"), nb::arg("what"), nb::arg("normal_label"), nb::arg("column"));
  m.def("system_info", &info, nb::sig("def system_info() -> dict[str, typing.Any]"));
}

}  // namespace kernad::python
