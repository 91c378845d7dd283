// How PCA features are brought to a common length before the density is estimated.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernad/export.hpp"

namespace kernad {

/// What features are divided by.
enum class FeatureScalingMethod : std::uint8_t {
  norm,   ///< every row to unit length; a row of length zero stays zero
  scale,  ///< every row divided by max_length, the longest row seen in training
};

/// "norm" or "scale".
[[nodiscard]] KERNAD_API std::string_view to_string(FeatureScalingMethod method) noexcept;

/// The method of that name. Throws InvalidParameter listing the valid names.
[[nodiscard]] KERNAD_API FeatureScalingMethod feature_scaling_method(std::string_view name);

}  // namespace kernad
