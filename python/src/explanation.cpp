// KDEClassifier.explain.
#include "kernad/explanation.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "gil.hpp"
#include "kernad/kde_classifier.hpp"

namespace kernad::python {
namespace {

template <typename T>
Doubles each(const std::vector<T>& items, double T::*member) {
  std::vector<double> values(items.size());
  std::transform(items.begin(), items.end(), values.begin(), [&](const T& item) { return item.*member; });
  return to_numpy(std::move(values));
}

template <typename Array>
nb::dict explain(const KDEClassifier& self, const Array& row, std::size_t nearest, int threads) {
  KDEClassifier copy = self;
  copy.set_threads(threads);
  Explanation why;
  {
    const WithoutGil without_gil;
    why = copy.explain(view(row), nearest);
  }
  std::vector<double> rows(why.neighbours.size());
  std::transform(why.neighbours.begin(), why.neighbours.end(), rows.begin(),
                 [](const Neighbour& neighbour) { return static_cast<double>(neighbour.row); });
  nb::dict result;
  result["log_density"] = why.log_density;
  result["probability"] = why.probability;
  result["p_value"] = why.p_value ? nb::object(nb::float_(*why.p_value)) : nb::none();
  result["decided_by"] = why.decided_by;
  result["neighbour_rows"] = to_numpy(std::move(rows));
  result["distances"] = each(why.neighbours, &Neighbour::distance);
  result["weights"] = each(why.neighbours, &Neighbour::weight);
  result["deviation"] = why.deviation;
  result["components"] = to_numpy(std::move(why.components));
  result["columns"] = each(why.columns, &ColumnContribution::share);
  result["expected"] = each(why.columns, &ColumnContribution::expected);
  result["residual_share"] = why.residual_share;
  result["residual_decides"] = why.residual_decides;
  return result;
}

}  // namespace

void bind_explanation(nb::class_<KDEClassifier>& classifier) {
  classifier
      .def("explain", &explain<Rows>, nb::arg("row").noconvert(), nb::arg("nearest"), nb::arg("threads"),
           nb::sig("def explain(self, row: numpy.typing.NDArray[numpy.float32], nearest: int, threads: int) -> "
                   "dict[str, typing.Any]"))
      .def("explain", &explain<DoubleRows>, nb::arg("row").noconvert(), nb::arg("nearest"), nb::arg("threads"),
           nb::sig("def explain(self, row: numpy.typing.NDArray[numpy.float64], nearest: int, threads: int) -> "
                   "dict[str, typing.Any]"));
}

}  // namespace kernad::python
