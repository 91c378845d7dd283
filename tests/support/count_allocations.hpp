// How often memory was asked for. Linked only into tests that count.
#pragma once

#include <cstddef>

namespace kernad::testing {

/// Calls of operator new in this program until now.
[[nodiscard]] std::size_t allocations();

/// The most bytes that one of them asked for since the last call of this function.
[[nodiscard]] std::size_t take_largest_allocation();

}  // namespace kernad::testing
