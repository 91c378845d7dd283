// The part of a table's values that rounding to float32 removes.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace kernad::io {

/// value - float(value); 0 for what is not finite.
[[nodiscard]] inline float rest_of(double value) noexcept {
  return std::isfinite(value) ? static_cast<float>(value - static_cast<double>(static_cast<float>(value))) : 0;
}

/// Puts the rest of value number `index` into `rests`, which grows only up to the last rest other than 0.
inline void put_rest(double value, std::size_t index, std::vector<float>& rests) {
  const float rest = rest_of(value);
  if (rest == 0) return;
  if (rests.size() < index) rests.resize(index);
  if (rests.size() == index) {
    rests.push_back(rest);
  } else {
    rests[index] = rest;
  }
}

}  // namespace kernad::io
