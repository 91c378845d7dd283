// kernad._core.Comparison.
#include "kernad/comparison.hpp"

#include <nanobind/stl/string_view.h>

#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "gil.hpp"

namespace kernad::python {
namespace {

nb::dict difference(const ScoreDifference& found) {
  nb::dict result;
  result["distance"] = found.distance;
  result["p_value"] = found.p_value;
  result["log_density"] = found.log_density;
  result["share_of_rows"] = found.share_of_rows;
  result["share_expected"] = found.share_expected;
  result["smallest_distance"] = found.smallest_distance;
  return result;
}

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// One number a column; NaN for none.
template <typename Value>
Doubles each(const std::vector<ColumnDifference>& columns, const Value& value) {
  std::vector<double> values;
  for (const ColumnDifference& column : columns) values.push_back(value(column));
  return to_numpy(std::move(values));
}

template <typename Array>
void add(Comparison& self, const Array& rows) {
  const auto given = view(rows);
  const WithoutGil without_gil;
  self.add(given);
}

nb::dict result(const Comparison& self, double alpha) {
  ComparisonResult found;
  {
    const WithoutGil without_gil;
    found = self.result(alpha);
  }
  nb::dict result;
  result["drift"] = found.drift;
  result["p_value"] = found.p_value;
  result["alpha"] = found.alpha;
  result["rows"] = found.rows;
  result["calibration_rows"] = found.calibration_rows;
  result["scores"] = difference(found.scores);
  result["allowance"] = found.allowance;
  result["two_sided"] = difference(found.two_sided);
  result["column_test"] = to_string(found.column_test);
  result["shift"] = each(found.columns, [](const ColumnDifference& c) { return c.shift.value_or(kNone); });
  result["distance"] = each(found.columns, [](const ColumnDifference& c) { return c.distance.value_or(kNone); });
  result["column_p_value"] = each(found.columns, [](const ColumnDifference& c) { return c.p_value; });
  result["adjusted_p_value"] = each(found.columns, [](const ColumnDifference& c) { return c.adjusted_p_value; });
  return result;
}

}  // namespace

void bind_comparison(nb::module_& m) {
  nb::class_<Comparison>(m, "Comparison")
      .def(
          "__init__",
          [](Comparison* self, const KDEClassifier& classifier, int threads) {
            new (self) Comparison(classifier, threads);
          },
          nb::arg("classifier"), nb::arg("threads"),
          nb::sig("def __init__(self, classifier: KDEClassifier, threads: int) -> None"))
      .def("add", &add<Rows>, nb::arg("rows").noconvert(),
           nb::sig("def add(self, rows: numpy.typing.NDArray[numpy.float32]) -> None"))
      .def("add", &add<DoubleRows>, nb::arg("rows").noconvert(),
           nb::sig("def add(self, rows: numpy.typing.NDArray[numpy.float64]) -> None"))
      .def("result", &result, nb::arg("alpha"), nb::sig("def result(self, alpha: float) -> dict[str, typing.Any]"));
}

}  // namespace kernad::python
