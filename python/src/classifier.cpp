// KDEClassifier. As in stages.cpp, every call works on a copy that shares the fitted state.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "gil.hpp"
#include "kernad/kde_classifier.hpp"
#include "options.hpp"
#include "state.hpp"

namespace kernad::python {
namespace {

/// The table of options: a dict of key, flag, values, valid, help, default (all texts), is_flag and set_by_auto for
/// each.
nb::list option_table() {
  nb::list table;
  for (const EstimatorOption& option : estimator_options()) {
    nb::dict row;
    row["key"] = nb::str(option.key.data(), option.key.size());
    row["flag"] = nb::str(option.flag.data(), option.flag.size());
    row["values"] = nb::str(option.values.data(), option.values.size());
    row["valid"] = nb::str(option.valid.data(), option.valid.size());
    row["help"] = nb::str(option.help.data(), option.help.size());
    row["default"] = option.get({});
    row["is_flag"] = option.is_flag();
    row["set_by_auto"] = option.set_by_auto;
    table.append(row);
  }
  return table;
}

KDEClassifier with_threads(const KDEClassifier& classifier, int threads) {
  KDEClassifier copy = classifier;
  copy.set_threads(threads);
  return copy;
}

/// progress: None, or called with (stages done, total stages); an exception from it ends the fit. names: of the
/// columns, or none.
bool run_fit(KDEClassifier& self, int threads, const nb::object& progress, std::vector<std::string> names,
             const auto& fit) {
  KDEClassifier copy = with_threads(self, threads);
  FitProgress report;
  if (!progress.is_none()) {
    report = [&](std::size_t done, std::size_t total) {
      const nb::gil_scoped_acquire acquire;
      progress(done, total);
    };
  }
  bool fitted = false;
  {
    const WithoutGil without_gil;
    fitted = fit(copy, report);
    if (fitted && !names.empty()) copy.set_column_names(std::move(names));
  }
  self = std::move(copy);
  return fitted;
}

template <typename Array>
bool fit(KDEClassifier& self, const Array& rows, int threads, const nb::object& progress,
         std::vector<std::string> names) {
  return run_fit(self, threads, progress, std::move(names),
                 [&](KDEClassifier& copy, const FitProgress& report) { return copy.fit(view(rows), report); });
}

/// weights: one per row.
template <typename Array>
bool fit_weighted(KDEClassifier& self, const Array& rows, const Scores& weights, int threads,
                  const nb::object& progress, std::vector<std::string> names) {
  return run_fit(self, threads, progress, std::move(names), [&](KDEClassifier& copy, const FitProgress& report) {
    return copy.fit(view(rows), view(weights), report);
  });
}

template <typename Array>
Doubles scores(const KDEClassifier& self, const Array& rows, bool as_log_likelihood, int threads) {
  const KDEClassifier copy = with_threads(self, threads);
  std::vector<double> result;
  {
    const WithoutGil without_gil;
    result = copy.compute_kde_scores(view(rows), as_log_likelihood);
  }
  return to_numpy(std::move(result));
}

Doubles probabilities(const Scores& scores) {
  std::vector<double> result;
  {
    const WithoutGil without_gil;
    result = KDEClassifier::compute_probabilities(view(scores));
  }
  return to_numpy(std::move(result));
}

nb::tuple pre_process(const KDEClassifier& self, const Rows& rows, std::optional<double> max_length, int threads) {
  const KDEClassifier copy = with_threads(self, threads);
  std::pair<Embeddings, double> result;
  {
    const WithoutGil without_gil;
    result = copy.pre_process(view(rows), max_length);
  }
  return nb::make_tuple(to_numpy(std::move(result.first)), result.second);
}

/// The value of every option, as text.
nb::dict options(const KDEClassifier& self) {
  nb::dict texts;
  for (const EstimatorOption& option : estimator_options()) {
    texts[nb::str(option.key.data(), option.key.size())] = option.get(self.options());
  }
  return texts;
}

nb::dict report(const KDEClassifier& self) {
  const FitReport& r = self.report();
  nb::dict result;
  result["rows_seen"] = r.rows_seen;
  result["rows_used"] = r.rows_used;
  result["columns"] = r.columns;
  result["rank"] = r.rank;
  result["components"] = r.components;
  result["kde_rank"] = r.kde_rank;
  result["explained_variance"] = r.explained_variance;
  result["bandwidth_factor"] = r.bandwidth_factor;
  result["max_length"] = r.max_length;
  result["shrinkage"] = r.shrinkage;
  result["loo_log_likelihood"] = std::isnan(r.loo_log_likelihood) ? nb::none() : nb::cast(r.loo_log_likelihood);
  result["chosen"] = nb::tuple(nb::cast(r.chosen));
  nb::list notes;
  for (const Note& note : r.notes) notes.append(nb::make_tuple(std::string(to_string(note.code)), note.text));
  result["notes"] = nb::tuple(notes);
  return result;
}

void load_state_dict(KDEClassifier& self, const nb::dict& tensors, const nb::dict& metadata) {
  KDEClassifier copy = self;
  const StateDict state = from_python(tensors, metadata);
  {
    const WithoutGil without_gil;
    copy.load_state_dict(state);
  }
  self = std::move(copy);
}

void load(KDEClassifier& self, const nb::bytes& path) {
  KDEClassifier loaded;
  const KDEClassifierOptions defaults = self.options();
  const bool pruning = self.pruning();
  const std::string name = to_path(path);
  {
    const WithoutGil without_gil;
    loaded = KDEClassifier::load(name, defaults);
    loaded.set_pruning(pruning);
  }
  self = std::move(loaded);
}

void save(const KDEClassifier& self, const nb::bytes& path) {
  const KDEClassifier copy = self;
  const std::string name = to_path(path);
  const WithoutGil without_gil;
  copy.save(name);
}

nb::bytes to_bytes(const KDEClassifier& self) {
  const std::vector<std::byte> bytes = to_safetensors(self.state_dict());
  return nb::bytes(bytes.data(), bytes.size());
}

void from_bytes(KDEClassifier& self, const nb::bytes& bytes) {
  KDEClassifier copy = self;
  copy.load_state_dict(from_safetensors({static_cast<const std::byte*>(bytes.data()), bytes.size()}));
  self = std::move(copy);
}

}  // namespace

void bind_classifier(nb::module_& m) {
  nb::class_<KDEClassifier> classifier(m, "KDEClassifier");
  classifier
      .def(
          "__init__",
          [](KDEClassifier* self, const nb::dict& options) { new (self) KDEClassifier(to_options(options)); },
          nb::arg("options"), nb::sig("def __init__(self, options: dict[str, str]) -> None"))
      .def("fit", &fit<Rows>, nb::arg("rows").noconvert(), nb::arg("threads"), nb::arg("progress").none(),
           nb::arg("names"),
           nb::sig("def fit(self, rows: numpy.typing.NDArray[numpy.float32], threads: int, "
                   "progress: collections.abc.Callable[[int, int], object] | None, "
                   "names: collections.abc.Sequence[str]) -> bool"))
      .def("fit", &fit<DoubleRows>, nb::arg("rows").noconvert(), nb::arg("threads"), nb::arg("progress").none(),
           nb::arg("names"),
           nb::sig("def fit(self, rows: numpy.typing.NDArray[numpy.float64], threads: int, "
                   "progress: collections.abc.Callable[[int, int], object] | None, "
                   "names: collections.abc.Sequence[str]) -> bool"))
      .def("fit", &fit<Sketch>, nb::arg("sketch"), nb::arg("threads"), nb::arg("progress").none(), nb::arg("names"),
           nb::sig("def fit(self, sketch: Sketch, threads: int, "
                   "progress: collections.abc.Callable[[int, int], object] | None, "
                   "names: collections.abc.Sequence[str]) -> bool"))
      .def("fit_weighted", &fit_weighted<Rows>, nb::arg("rows").noconvert(), nb::arg("weights"), nb::arg("threads"),
           nb::arg("progress").none(), nb::arg("names"),
           nb::sig("def fit_weighted(self, rows: numpy.typing.NDArray[numpy.float32], "
                   "weights: numpy.typing.NDArray[numpy.float64], threads: int, "
                   "progress: collections.abc.Callable[[int, int], object] | None, "
                   "names: collections.abc.Sequence[str]) -> bool"))
      .def("fit_weighted", &fit_weighted<DoubleRows>, nb::arg("rows").noconvert(), nb::arg("weights"),
           nb::arg("threads"), nb::arg("progress").none(), nb::arg("names"),
           nb::sig("def fit_weighted(self, rows: numpy.typing.NDArray[numpy.float64], "
                   "weights: numpy.typing.NDArray[numpy.float64], threads: int, "
                   "progress: collections.abc.Callable[[int, int], object] | None, "
                   "names: collections.abc.Sequence[str]) -> bool"))
      .def("scores", &scores<Rows>, nb::arg("rows").noconvert(), nb::arg("as_log_likelihood"), nb::arg("threads"))
      .def("scores", &scores<DoubleRows>, nb::arg("rows").noconvert(), nb::arg("as_log_likelihood"), nb::arg("threads"))
      .def_static("probabilities", &probabilities, nb::arg("scores").noconvert())
      .def("pre_process", &pre_process, nb::arg("rows").noconvert(), nb::arg("max_length").none(), nb::arg("threads"),
           nb::sig("def pre_process(self, rows: numpy.typing.NDArray[numpy.float32], max_length: float | None, "
                   "threads: int) -> tuple[numpy.typing.NDArray[numpy.float32], float]"))
      .def(
          "copy", [](const KDEClassifier& self) { return self; }, "Shares the fitted state.")
      .def_prop_ro("is_fitted", &KDEClassifier::is_fitted)
      .def_prop_rw("pruning", &KDEClassifier::pruning, &KDEClassifier::set_pruning)
      .def_prop_rw("column_names", &KDEClassifier::column_names,
                   [](KDEClassifier& self, std::vector<std::string> names) { self.set_column_names(std::move(names)); })
      .def_prop_ro("left_out_columns", &KDEClassifier::left_out_columns)
      .def("set_column_names", &KDEClassifier::set_column_names, nb::arg("names"), nb::arg("left_out"))
      .def("options", &options, nb::sig("def options(self) -> dict[str, str]"))
      .def("report", &report, nb::sig("def report(self) -> dict[str, typing.Any]"))
      .def(
          "state_dict", [](const KDEClassifier& self) { return to_python(self.state_dict()); },
          nb::sig("def state_dict(self) -> tuple[dict[str, numpy.typing.NDArray[typing.Any]], dict[str, str]]"))
      .def("load_state_dict", &load_state_dict, nb::arg("tensors"), nb::arg("metadata"),
           nb::sig("def load_state_dict(self, tensors: dict[str, numpy.typing.NDArray[typing.Any]], "
                   "metadata: dict[str, str]) -> None"))
      .def("load", &load, nb::arg("path"))
      .def("save", &save, nb::arg("path"))
      .def("to_bytes", &to_bytes)
      .def("from_bytes", &from_bytes, nb::arg("model"));
  m.def("estimator_options", &option_table, nb::sig("def estimator_options() -> list[dict[str, typing.Any]]"));
  bind_calibration(m, classifier);
  bind_explanation(classifier);
}

}  // namespace kernad::python
