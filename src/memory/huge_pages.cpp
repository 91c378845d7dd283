#include "memory/huge_pages.hpp"

#include <cstdint>

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#endif

namespace kernad::memory {

void prefer_huge_pages([[maybe_unused]] void* begin, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(MADV_HUGEPAGE)
  if (bytes < kLargeBytes) return;
  constexpr std::uintptr_t kPage = 4096;
  const std::uintptr_t before = reinterpret_cast<std::uintptr_t>(begin) % kPage;  // what the allocator keeps there
  const std::size_t whole = (before + bytes) / kPage * kPage;
  // A hint: what it returns makes no difference.
  static_cast<void>(::madvise(static_cast<std::byte*>(begin) - before, whole, MADV_HUGEPAGE));
#endif
}

}  // namespace kernad::memory
