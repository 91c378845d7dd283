// A StateDict as a dict of NumPy arrays and a dict of texts, and back.
#pragma once

#include <nanobind/nanobind.h>

#include "kernad/state_dict.hpp"

namespace kernad::python {

/// (tensors by name, metadata). The arrays own their memory.
[[nodiscard]] nanobind::tuple to_python(StateDict state);

/// tensors: a dict of C-contiguous CPU arrays. Throws InvalidInput naming a tensor of a type that kernad does not know.
[[nodiscard]] StateDict from_python(const nanobind::dict& tensors, const nanobind::dict& metadata);

}  // namespace kernad::python
