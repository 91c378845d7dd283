// How often memory was asked for. Linked only into tests that count.
#pragma once

#include <cstddef>

namespace kernad::testing {

/// Calls of operator new in this program until now.
[[nodiscard]] std::size_t allocations();

}  // namespace kernad::testing
