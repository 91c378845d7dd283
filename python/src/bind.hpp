// Each part of the module, in the order in which module.cpp puts them in.
#pragma once

#include <nanobind/nanobind.h>

namespace kernad::python {

void bind_errors();
void bind_functions(nanobind::module_& m);
void bind_stages(nanobind::module_& m);
void bind_classifier(nanobind::module_& m);
void bind_scorer(nanobind::module_& m);

}  // namespace kernad::python
