// Figures that are looked up by name.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>

#include "kernad/error.hpp"

namespace kernad::c {

/// A figure of a `From`: its name, and the function that returns it.
template <typename From>
struct Figure {
  std::string_view name;
  double (*get)(const From&);
};

/// The figure of that name. Throws InvalidParameter listing the valid names, or what its `get` throws.
template <typename From>
[[nodiscard]] double figure(std::span<const Figure<From>> figures, const From& from, std::string_view name) {
  std::string names;
  for (const auto& figure : figures) {
    if (figure.name == name) return figure.get(from);
    names += names.empty() ? "" : ", ";
    names += figure.name;
  }
  throw InvalidParameter(fmt::format("there is no figure '{}'; valid: {}", name, names));
}

}  // namespace kernad::c
