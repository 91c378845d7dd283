// Parameters as Python gives them.
#pragma once

#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>

#include <variant>

#include "kernad/pca.hpp"

namespace kernad::python {

/// An int is a count, a float a share of variance.
using Components = std::variant<long long, double>;

[[nodiscard]] inline ComponentCount to_component_count(const Components& components) {
  return std::visit([](auto number) { return ComponentCount(number); }, components);
}

}  // namespace kernad::python
