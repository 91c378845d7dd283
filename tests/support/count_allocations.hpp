// Counts memory allocations. Linked only into tests that need the counts.
#pragma once

#include <cstddef>

namespace kernad::testing {

/// Calls of operator new in this program so far.
[[nodiscard]] std::size_t allocations();

/// The largest number of bytes requested by one of them since the last call of this function.
[[nodiscard]] std::size_t take_largest_allocation();

}  // namespace kernad::testing
