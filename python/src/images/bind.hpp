// The parts of the module kernad._images besides module.cpp.
#pragma once

#include <nanobind/nanobind.h>

namespace kernad::python {

void bind_image_model(nanobind::module_& m);

}  // namespace kernad::python
