#include "kernad/scorer.hpp"

#include <nanobind/nanobind.h>

#include <mutex>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "gil.hpp"
#include "kernad/gaussian_kde.hpp"
#include "kernad/kde_classifier.hpp"

namespace kernad::python {
namespace {

namespace nb = nanobind;

/// Python threads may share one object: they take turns.
class SharedScorer {
 public:
  template <typename Model>
  SharedScorer(const Model& model, int threads) : scorer_(model, threads) {}

  template <typename Array>
  Doubles log_density(const Array& rows) {
    const auto embeddings = view(rows);
    std::vector<double> scores(embeddings.rows());
    {
      const WithoutGil without_gil;
      const std::lock_guard lock(turn_);
      scorer_.log_density(embeddings, scores);
    }
    return to_numpy(std::move(scores));
  }

 private:
  Scorer scorer_;
  std::mutex turn_;
};

}  // namespace

void bind_scorer(nb::module_& m) {
  nb::class_<SharedScorer>(m, "Scorer")
      .def(nb::init<const KDEClassifier&, int>(), nb::arg("model"), nb::arg("threads"))
      .def(nb::init<const GaussianKDE&, int>(), nb::arg("model"), nb::arg("threads"))
      .def("log_density", &SharedScorer::log_density<Rows>, nb::arg("rows").noconvert())
      .def("log_density", &SharedScorer::log_density<DoubleRows>, nb::arg("rows").noconvert());
}

}  // namespace kernad::python
