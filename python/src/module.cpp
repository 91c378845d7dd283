// kernad._core: the C++ library without added arithmetic. Python users see the package around it.
#include <nanobind/nanobind.h>

#include "bind.hpp"
#include "kernad/version.hpp"

NB_MODULE(_core, m) {
  m.doc() = "The C++ library behind kernad. Arrays in are float32 rows; kernad's own classes prepare them.";
  m.def("version", [] { return KERNAD_VERSION; });
  kernad::python::bind_errors();
  kernad::python::bind_functions(m);
  kernad::python::bind_stages(m);
  kernad::python::bind_sketch(m);
  kernad::python::bind_classifier(m);
  kernad::python::bind_comparison(m);
  kernad::python::bind_scorer(m);
}
