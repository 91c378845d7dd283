// Memory whose start suits any vector register.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#include "memory/huge_pages.hpp"

namespace kernad::kernels {

inline constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector

template <typename T>
struct AlignedAllocator {
  using value_type = T;
  AlignedAllocator() = default;
  template <typename U>
  explicit AlignedAllocator(const AlignedAllocator<U>& /*other*/) noexcept {}

  T* allocate(std::size_t n) {
    void* const begin = ::operator new (n * sizeof(T), std::align_val_t{kAlignment});
    memory::prefer_huge_pages(begin, n * sizeof(T));
    return static_cast<T*>(begin);
  }
  void deallocate(T* p, std::size_t /*n*/) noexcept { ::operator delete (p, std::align_val_t{kAlignment}); }
  friend bool operator==(AlignedAllocator, AlignedAllocator) { return true; }
};

template <typename T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace kernad::kernels
