// The moments of all rows as tensors of a sketch: docs/formats.md, "The sketch file".
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernad/state_dict.hpp"
#include "linalg/exact_moments.hpp"

namespace kernad::serialise {

/// Adds the tensors "moments.*".
void add_moments(const linalg::ExactMoments& moments, StateDict& state);

/// Whether there are any.
[[nodiscard]] bool has_moments(const StateDict& state);

/// rows: how many they are of. Throws InvalidInput for a tensor that is missing or cannot be one of such moments.
[[nodiscard]] linalg::ExactMoments moments_from(const StateDict& state, std::size_t columns, std::uint64_t rows);

}  // namespace kernad::serialise
