// Parameters as Python gives them.
#pragma once

#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>

#include <string>
#include <variant>

#include "kernad/error.hpp"
#include "kernad/kde_options.hpp"
#include "kernad/pca.hpp"

namespace kernad::python {

/// An int is a count, a float a share of variance, "all" all that the data have.
using Components = std::variant<long long, double, std::string>;

[[nodiscard]] inline ComponentCount to_component_count(const Components& components) {
  if (const auto* count = std::get_if<long long>(&components)) return *count;
  if (const auto* share = std::get_if<double>(&components)) return *share;
  const auto& text = std::get<std::string>(components);
  if (text != "all") {
    throw InvalidParameter("components are '" + text + "'; valid: a count, a share of variance, or 'all'");
  }
  return ComponentCount::all();
}

/// bandwidth: the name of a rule, or a number as text.
[[nodiscard]] inline KDEOptions to_kde_options(const std::string& bandwidth_text, const std::string& covariance_name,
                                               double local_alpha) {
  return {bandwidth(bandwidth_text), covariance(covariance_name), local_alpha};
}

}  // namespace kernad::python
