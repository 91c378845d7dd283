// Why a row has its log-density.
#pragma once

#include <cstddef>

#include "kernad/explanation.hpp"
#include "kernad/matrix.hpp"
#include "model/model.hpp"

namespace kernad::explanation {

/// row: 1 x D, finite, with the log-density that the model gives it. Fills all but probability and p-value, which the
/// classifier adds. Takes O(N k + D k) operations and O(N + D k) memory.
[[nodiscard]] Explanation explain(const model::Model& model, EmbeddingsView row, double log_density,
                                  std::size_t nearest);

}  // namespace kernad::explanation
