// What rounding to float32 takes from the values of a table.
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "kernad/matrix.hpp"

namespace kernad::io {

/// value - float(value); 0 for what is not finite.
[[nodiscard]] inline float rest_of(double value) noexcept {
  return std::isfinite(value) ? static_cast<float>(value - static_cast<double>(static_cast<float>(value))) : 0;
}

/// The rests of values that come one after another.
class Rest {
 public:
  void add(double value) {
    rests_.push_back(rest_of(value));
    any_ = any_ || rests_.back() != 0;
  }

  /// All of them, in rows of `columns`; empty where each is 0.
  [[nodiscard]] Embeddings take(std::size_t columns) {
    if (!any_) return {};
    const std::size_t rows = rests_.size() / columns;
    return {std::move(rests_), rows, columns};
  }

 private:
  std::vector<float> rests_;
  bool any_ = false;
};

}  // namespace kernad::io
