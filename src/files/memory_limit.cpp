#include "files/memory_limit.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "files/cgroup.hpp"
#include "files/message.hpp"

namespace kernad::files {
namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

std::uint64_t physical_memory() noexcept {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return no_limit;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
}

std::uint64_t address_space_limit() noexcept {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return no_limit;
  return limit.rlim_cur;
}

}  // namespace

MemoryLimit smallest(std::initializer_list<MemoryLimit> limits) noexcept {
  return std::min(limits, [](const MemoryLimit& a, const MemoryLimit& b) { return a.bytes < b.bytes; });
}

MemoryLimit memory_limit() noexcept {
  return smallest({{physical_memory(), "this machine has"},
                   {cgroup_memory_limit().value_or(no_limit), "the control group (cgroup) of this process may use"},
                   {address_space_limit(), "this process may use (ulimit -v)"}});
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

void require_memory(std::uint64_t bytes, const std::string& name, std::uint64_t byte, const MemoryLimit& limit) {
  if (bytes <= limit.bytes) return;
  fail_at(name, byte, fmt::format("the data need {} bytes of memory; {} {}", bytes, limit.owner, limit.bytes));
}

}  // namespace kernad::files
