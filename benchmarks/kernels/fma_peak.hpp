// How many multiply-adds a core can do: the upper limit for every kernel here.
#pragma once

#include <cstddef>
#include <string_view>

namespace kernad::benchmarks {

/// Multiply-adds in registers alone, with the widest vectors of one instruction set. Each function runs `steps` rounds
/// of independent chains and returns the floating-point operations done: two per lane of a multiply-add, which is one
/// instruction, or a multiply and an add where the instruction set has no such instruction (sse4).
struct FmaPeak {
  const char* target;  ///< the same name as the kernel table
  double (*float32)(std::size_t steps);
  double (*float64)(std::size_t steps);
};

/// nullptr for a target without vectors of its own ("portable": what the compiler makes of it is not a peak). The
/// caller makes sure that the CPU has the target.
[[nodiscard]] const FmaPeak* fma_peak(std::string_view target);

}  // namespace kernad::benchmarks
