// Sizes told by a header are checked against the machine before anything of that size is allocated.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace kernad::io {

/// Bytes of memory this machine has; the largest number there is when the system does not tell.
[[nodiscard]] std::uint64_t physical_memory() noexcept;

/// The elements of an array of this shape, times `element_size`, in bytes. Throws ReadError at `byte` when that is not
/// a number of 64 bits.
[[nodiscard]] std::uint64_t checked_size(std::span<const std::size_t> shape, std::size_t element_size,
                                         const std::string& name, std::uint64_t byte);

/// Throws ReadError at `byte` when `bytes` is more than this machine's memory.
void require_memory(std::uint64_t bytes, const std::string& name, std::uint64_t byte);

}  // namespace kernad::io
