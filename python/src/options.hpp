// Options from Python: texts by the keys of the table in kernad/classifier_options.hpp.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <string>

#include "kernad/classifier_options.hpp"

namespace kernad::python {

/// texts: of each option that is not at its default. Throws InvalidParameter naming the valid values.
[[nodiscard]] inline KDEClassifierOptions to_options(const nanobind::dict& texts) {
  KDEClassifierOptions options;
  for (const auto& [key, text] : texts) {
    set_option(options, nanobind::cast<std::string>(key), nanobind::cast<std::string>(text));
  }
  return options;
}

}  // namespace kernad::python
