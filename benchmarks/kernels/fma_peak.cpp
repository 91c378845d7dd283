#include "fma_peak.hpp"

#include <array>

// The same targets as src/kernels/kernels.cpp: each kernel table is compared with the peak of its name.
#define HWY_DISABLED_TARGETS (HWY_AVX3_DL | HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fma_peak.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include "hwy/highway.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace kernad::benchmarks {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Independent chains: enough to hide the latency of 4 or 5 cycles at two (NEON: four) multiply-adds per cycle, and few
/// enough to fit the 16 (32) registers together with two constants.
inline constexpr std::size_t kChains = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON ? 16 : 12;

template <typename T>
double Fma(std::size_t steps) {
  const hn::CappedTag<T, 64 / sizeof(T)> d;
  using V = hn::Vec<decltype(d)>;
  // x -> 0.999 x + 0.001 stays near 1: nothing overflows, nothing becomes denormal.
  const V factor = hn::Set(d, static_cast<T>(0.999));
  const V term = hn::Set(d, static_cast<T>(0.001));
  V chains[kChains];
  KERNAD_UNROLL
  for (std::size_t i = 0; i < kChains; ++i) chains[i] = hn::Set(d, static_cast<T>(1.0 + 0.01 * static_cast<double>(i)));
  for (std::size_t step = 0; step < steps; ++step) {
    KERNAD_UNROLL
    for (std::size_t i = 0; i < kChains; ++i) chains[i] = hn::MulAdd(chains[i], factor, term);
  }
  V sum = hn::Zero(d);
  KERNAD_UNROLL
  for (std::size_t i = 0; i < kChains; ++i) sum = hn::Add(sum, chains[i]);
  volatile T result = hn::GetLane(hn::SumOfLanes(d, sum));  // never read, but the compiler cannot know that
  static_cast<void>(result);
  return 2.0 * static_cast<double>(steps * kChains * hn::Lanes(d));
}

inline constexpr const char* kTargetName = HWY_TARGET == HWY_AVX3   ? "avx512"
                                           : HWY_TARGET == HWY_AVX2 ? "avx2"
                                           : HWY_TARGET == HWY_SSE4 ? "sse4"
                                           : HWY_TARGET == HWY_NEON ? "neon"
                                                                    : "portable";

extern const FmaPeak kPeak;
const FmaPeak kPeak = {kTargetName, &Fma<float>, &Fma<double>};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace kernad::benchmarks
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kernad::benchmarks {

const FmaPeak* fma_peak(std::string_view target) {
  static constexpr auto kCompiled = std::to_array<const FmaPeak*>({
#if HWY_TARGETS & HWY_AVX3
    &N_AVX3::kPeak,
#endif
#if HWY_TARGETS & HWY_AVX2
        &N_AVX2::kPeak,
#endif
#if HWY_TARGETS & HWY_SSE4
        &N_SSE4::kPeak,
#endif
#if HWY_TARGETS & HWY_NEON
        &N_NEON::kPeak,
#endif
  });
  for (const FmaPeak* peak : kCompiled) {
    if (target == peak->target) return peak;
  }
  return nullptr;
}

}  // namespace kernad::benchmarks
#endif  // HWY_ONCE
