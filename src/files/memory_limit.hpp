// Checks sizes that a header claims against the available memory before anything of that size is allocated.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace kernad::files {

/// A bound on the memory of this process, and what sets it, in words.
struct MemoryLimit {
  std::uint64_t bytes;
  std::string_view owner;  ///< "this machine has", say: the bytes follow
};

/// The smallest one; of equal ones the first.
[[nodiscard]] MemoryLimit smallest(std::initializer_list<MemoryLimit> limits) noexcept;

/// The smallest of the machine's memory, the limits of this process's control groups, and RLIMIT_AS. Read again at each
/// call; the largest possible number if the system gives none.
[[nodiscard]] MemoryLimit memory_limit() noexcept;

/// The elements of an array of this shape, times `element_size`, in bytes. Throws ReadError at `byte` if that does not
/// fit 64 bits.
[[nodiscard]] std::uint64_t checked_size(std::span<const std::size_t> shape, std::size_t element_size,
                                         const std::string& name, std::uint64_t byte);

/// Throws ReadError at `byte` when `bytes` is more than `limit`.
void require_memory(std::uint64_t bytes, const std::string& name, std::uint64_t byte,
                    const MemoryLimit& limit = memory_limit());

}  // namespace kernad::files
