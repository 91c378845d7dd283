#include "kernad/feature_scaling_method.hpp"

#include <string>

#include "kernad/error.hpp"

namespace kernad {

std::string_view to_string(FeatureScalingMethod method) noexcept {
  return method == FeatureScalingMethod::norm ? "norm" : "scale";
}

FeatureScalingMethod feature_scaling_method(std::string_view name) {
  for (const auto method : {FeatureScalingMethod::norm, FeatureScalingMethod::scale}) {
    if (name == to_string(method)) return method;
  }
  throw InvalidParameter("unknown feature scaling method '" + std::string(name) + "'; valid: norm, scale");
}

}  // namespace kernad
