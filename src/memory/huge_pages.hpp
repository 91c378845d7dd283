// Large arrays on large pages. A page fault costs the system about as much for 4 KB as for 2 MB, and an array that is
// written once, as when a model is loaded, has little more to do than to be faulted in.
#pragma once

#include <cstddef>
#include <vector>

namespace kernad::memory {

/// Smaller arrays have few page faults.
inline constexpr std::size_t kLargeBytes = std::size_t{4} << 20;

/// Asks the system for large pages under fresh memory if it has at least kLargeBytes. Without effect on the contents,
/// and where the system has none or does not give them.
void prefer_huge_pages(void* begin, std::size_t bytes) noexcept;

/// n zeros.
template <typename T>
[[nodiscard]] std::vector<T> zeros(std::size_t n) {
  std::vector<T> values;
  values.reserve(n);
  prefer_huge_pages(values.data(), n * sizeof(T));
  values.resize(n);
  return values;
}

}  // namespace kernad::memory
