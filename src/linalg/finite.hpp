// Refuses NaN and infinity, and says where they are.
#pragma once

#include <span>

#include "kernad/matrix.hpp"

namespace kernad::linalg {

/// Throws InvalidInput naming row and column of the first value that is not finite, and for an empty view. `what` names
/// the rows: "embeddings", "features".
void require_finite(MatrixView<float> view, const char* what, int threads);

[[nodiscard]] bool is_finite(std::span<const float> row);

/// The error for row number `number`, which is known to hold a value that is not finite.
[[noreturn]] void throw_not_finite(std::span<const float> row, std::size_t number, const char* what);

/// Throws InvalidInput unless the view has `expected` columns.
template <typename T>
void require_columns(MatrixView<T> view, std::size_t expected, const char* what);

/// Rounds each value. Throws InvalidInput naming row and column of a value that is beyond float32.
[[nodiscard]] Embeddings to_float32(MatrixView<double> values, const char* what);

}  // namespace kernad::linalg
