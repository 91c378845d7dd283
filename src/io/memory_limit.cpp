#include "io/memory_limit.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <limits>

#include "io/message.hpp"

namespace kernad::io {

std::uint64_t physical_memory() noexcept {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
}

std::uint64_t checked_size(std::span<const std::size_t> shape, std::size_t element_size, const std::string& name,
                           std::uint64_t byte) {
  std::uint64_t size = element_size;
  for (const std::size_t dimension : shape) {
    if (__builtin_mul_overflow(size, dimension, &size)) {
      fail_at(name, byte, fmt::format("shape {} is beyond any file's size", shape_text(shape)));
    }
  }
  return size;
}

void require_memory(std::uint64_t bytes, const std::string& name, std::uint64_t byte) {
  const std::uint64_t there = physical_memory();
  if (bytes > there) {
    fail_at(name, byte, fmt::format("the data need {} bytes of memory; this machine has {}", bytes, there));
  }
}

}  // namespace kernad::io
