// Standalone PCA and GaussianKDE. Every call works on a copy of the object (which shares its fitted state), taken under
// the GIL: a fit in another Python thread cannot change the state during the call.
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "gil.hpp"
#include "kernad/gaussian_kde.hpp"
#include "kernad/state_dict.hpp"
#include "options.hpp"

namespace kernad::python {
namespace {

template <typename Call>
auto without_gil(Call call) {
  const WithoutGil scope;
  return call();
}

PCA with_threads(const PCA& pca, int threads) {
  PCA copy = pca;
  copy.set_threads(threads);
  return copy;
}

void fit_pca(PCA& self, const Rows& rows, int threads) {
  PCA copy = with_threads(self, threads);
  without_gil([&] { copy.fit(view(rows)); });
  self = std::move(copy);
}

Floats transform(const PCA& self, const Rows& rows, int threads) {
  const PCA copy = with_threads(self, threads);
  return to_numpy(without_gil([&] { return copy.transform(view(rows)); }));
}

Floats inverse_transform(const PCA& self, const Rows& rows, int threads) {
  const PCA copy = with_threads(self, threads);
  return to_numpy(without_gil([&] { return copy.inverse_transform(view(rows)); }));
}

void fit_kde(GaussianKDE& self, const Rows& rows, int threads) {
  GaussianKDE copy = self;
  copy.set_threads(threads);
  without_gil([&] { copy.fit(view(rows)); });
  self = std::move(copy);
}

/// weights: one per row.
void fit_kde_weighted(GaussianKDE& self, const Rows& rows, const Scores& weights, int threads) {
  GaussianKDE copy = self;
  copy.set_threads(threads);
  without_gil([&] { copy.fit(view(rows), view(weights)); });
  self = std::move(copy);
}

Doubles log_density(const GaussianKDE& self, const Rows& rows, int threads) {
  GaussianKDE copy = self;
  copy.set_threads(threads);
  return to_numpy(without_gil([&] { return copy.log_density(view(rows)); }));
}

Doubles density(const GaussianKDE& self, const Rows& rows, int threads) {
  GaussianKDE copy = self;
  copy.set_threads(threads);
  return to_numpy(without_gil([&] { return copy.density(view(rows)); }));
}

template <typename Stage>
nb::bytes stage_bytes(const Stage& self) {
  const std::vector<std::byte> bytes = to_safetensors(self.state_dict());
  return nb::bytes(bytes.data(), bytes.size());
}

template <typename Stage>
void stage_from_bytes(Stage& self, const nb::bytes& bytes) {
  Stage copy = self;
  copy.load_state_dict(from_safetensors({static_cast<const std::byte*>(bytes.data()), bytes.size()}));
  self = std::move(copy);
}

}  // namespace

void bind_stages(nb::module_& m) {
  nb::class_<PCA>(m, "PCA")
      .def(
          "__init__", [](PCA* self, const nb::dict& options) { new (self) PCA(to_options(options).n_pca_components); },
          nb::arg("options"), nb::sig("def __init__(self, options: dict[str, str]) -> None"))
      .def("fit", &fit_pca, nb::arg("rows").noconvert(), nb::arg("threads"))
      .def("transform", &transform, nb::arg("rows").noconvert(), nb::arg("threads"))
      .def("inverse_transform", &inverse_transform, nb::arg("rows").noconvert(), nb::arg("threads"))
      .def("to_bytes", &stage_bytes<PCA>)
      .def("from_bytes", &stage_from_bytes<PCA>, nb::arg("state"))
      .def_prop_ro("is_fitted", &PCA::is_fitted)
      .def_prop_ro("num_components", &PCA::num_components)
      .def_prop_ro("rank", &PCA::rank)
      .def_prop_ro(
          "singular_vectors", [](const PCA& self) { return copy_to_numpy(self.singular_vectors()); },
          nb::rv_policy::move)
      .def_prop_ro(
          "singular_values", [](const PCA& self) { return copy_to_numpy(self.singular_values()); }, nb::rv_policy::move)
      .def_prop_ro(
          "explained_variance_ratio", [](const PCA& self) { return copy_to_numpy(self.explained_variance_ratio()); },
          nb::rv_policy::move)
      .def_prop_ro(
          "mean", [](const PCA& self) { return copy_to_numpy(self.mean()); }, nb::rv_policy::move);

  nb::class_<GaussianKDE>(m, "GaussianKDE")
      .def(
          "__init__",
          [](GaussianKDE* self, const nb::dict& options) { new (self) GaussianKDE(to_options(options).kde); },
          nb::arg("options"), nb::sig("def __init__(self, options: dict[str, str]) -> None"))
      .def("fit", &fit_kde, nb::arg("rows").noconvert(), nb::arg("threads"))
      .def("fit_weighted", &fit_kde_weighted, nb::arg("rows").noconvert(), nb::arg("weights"), nb::arg("threads"))
      .def("log_density", &log_density, nb::arg("rows").noconvert(), nb::arg("threads"))
      .def("density", &density, nb::arg("rows").noconvert(), nb::arg("threads"))
      .def(
          "copy", [](const GaussianKDE& self) { return self; }, "Shares the fitted state.")
      .def("to_bytes", &stage_bytes<GaussianKDE>)
      .def("from_bytes", &stage_from_bytes<GaussianKDE>, nb::arg("state"))
      .def_prop_ro("is_fitted", &GaussianKDE::is_fitted)
      .def_prop_rw("pruning", &GaussianKDE::pruning, &GaussianKDE::set_pruning)
      .def_prop_ro("size", &GaussianKDE::size)
      .def_prop_ro("dimension", &GaussianKDE::dimension)
      .def_prop_ro("rank", &GaussianKDE::rank)
      .def_prop_ro("bandwidth_factor", &GaussianKDE::bandwidth_factor)
      .def_prop_ro("shrinkage", &GaussianKDE::shrinkage)
      .def_prop_ro(
          "bw_transform", [](const GaussianKDE& self) { return copy_to_numpy(self.bw_transform()); },
          nb::rv_policy::move)
      .def_prop_ro(
          "mean", [](const GaussianKDE& self) { return copy_to_numpy(self.mean()); }, nb::rv_policy::move)
      .def_prop_ro(
          "dataset", [](const GaussianKDE& self) { return to_numpy(self.dataset()); }, nb::rv_policy::move)
      .def_prop_ro(
          "weights", [](const GaussianKDE& self) { return copy_to_numpy(self.weights()); }, nb::rv_policy::move)
      .def_prop_ro("log_norm", &GaussianKDE::log_norm);
}

}  // namespace kernad::python
