// KERNAD_UNROLL before a loop over an array of registers: they stay registers only when the loop is unrolled.
#pragma once

#if defined(__clang__)
#define KERNAD_UNROLL _Pragma("clang loop unroll(full)")
#else
#define KERNAD_UNROLL _Pragma("GCC unroll 16")
#endif
