// Sizes that a header claims are checked against the memory that there is before anything of that size is allocated.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace kernad::files {

/// A bound on the memory of this process, and in words whose it is.
struct MemoryLimit {
  std::uint64_t bytes;
  std::string_view owner;  ///< "this machine has", say: the bytes follow
};

/// The one that is reached first; of equal ones the first.
[[nodiscard]] MemoryLimit smallest(std::initializer_list<MemoryLimit> limits) noexcept;

/// The smallest of what this machine has, what the control groups of this process may use, and RLIMIT_AS. Read anew at
/// each call; the largest number there is when the system does not say.
[[nodiscard]] MemoryLimit memory_limit() noexcept;

/// The elements of an array of this shape, times `element_size`, in bytes. Throws ReadError at `byte` when that is not
/// a number of 64 bits.
[[nodiscard]] std::uint64_t checked_size(std::span<const std::size_t> shape, std::size_t element_size,
                                         const std::string& name, std::uint64_t byte);

/// Throws ReadError at `byte` when `bytes` is more than `limit`.
void require_memory(std::uint64_t bytes, const std::string& name, std::uint64_t byte,
                    const MemoryLimit& limit = memory_limit());

}  // namespace kernad::files
