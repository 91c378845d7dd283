// How many multiply-adds a core can do: the ceiling of every kernel here.
#pragma once

#include <cstddef>
#include <string_view>

namespace kernad::benchmarks {

/// Multiply-adds in registers alone, with the widest vectors of one instruction set. Each function runs `steps` rounds
/// of independent chains and returns the floating-point operations done: two a lane of a multiply-add, which is one
/// instruction, or a multiply and an add where the instruction set has none (sse4).
struct FmaPeak {
  const char* target;  ///< named as the kernel tables are
  double (*float32)(std::size_t steps);
  double (*float64)(std::size_t steps);
};

/// nullptr for a target without vectors of its own ("portable": what the compiler makes of it is no peak). The caller
/// makes sure that the CPU has the target.
[[nodiscard]] const FmaPeak* fma_peak(std::string_view target);

}  // namespace kernad::benchmarks
