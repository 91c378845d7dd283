// The floating-point mode that the fused sums run in.
#pragma once

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace kernad::kernels {

/// While it lives, this thread rounds to the nearest and flushes results below the normal numbers to zero; then the
/// caller's mode is back, its exception flags as they were. On Intel's processors, one result that underflows costs as
/// much as 50 others, and most exponentials of a far query are below 2^-126. Elsewhere, they cost nothing, and there is
/// nothing to do. It has no effect on calls that are inlined: the compiler moves arithmetic past a change of mode.
class [[nodiscard]] FloatMode {
#if defined(__x86_64__) || defined(_M_X64)
 public:
  FloatMode() { _mm_setcsr(kDefault | _MM_FLUSH_ZERO_ON); }
  ~FloatMode() { _mm_setcsr(callers_); }
  FloatMode(const FloatMode&) = delete;
  FloatMode& operator=(const FloatMode&) = delete;

 private:
  static constexpr unsigned kDefault = 0x1F80;  // every exception masked, nearest
  unsigned callers_ = _mm_getcsr();
#endif
};

}  // namespace kernad::kernels
