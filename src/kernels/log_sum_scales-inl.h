// Sums of exponentials of the same squared distances at many bandwidths, per target: the likelihood of a whole grid of
// bandwidths from one pass over the distances. Distances come in double; only their excess over the panel's nearest is
// rounded to float32, which costs the terms that matter next to nothing.

#if defined(KERNAD_KERNELS_LOG_SUM_SCALES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNAD_KERNELS_LOG_SUM_SCALES_INL_H_
#undef KERNAD_KERNELS_LOG_SUM_SCALES_INL_H_
#else
#define KERNAD_KERNELS_LOG_SUM_SCALES_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"
#include "kernels/exp2-inl.h"
#include "kernels/kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace kernad::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline void LogSumScales(const double* HWY_RESTRICT squares, const float* HWY_RESTRICT bias, std::size_t count,
                         const double* HWY_RESTRICT scales, std::size_t scale_count, LogSumExp* HWY_RESTRICT out) {
  const hn::CappedTag<float, kScalesMultiple> df;
  const hn::CappedTag<double, kScalesMultiple> dd;
  const hn::Rebind<float, decltype(dd)> narrow;  // half the lanes of df
  constexpr std::size_t kLanes = MaxLanes(df);
  constexpr std::size_t kHalf = MaxLanes(dd);
  auto min_square = hn::Load(dd, squares);
  for (std::size_t i = kHalf; i < count; i += kHalf) min_square = hn::Min(min_square, hn::Load(dd, squares + i));
  min_square = hn::MinOfLanes(dd, min_square);
  HWY_ALIGN float excess[kScalesPanel];
  for (std::size_t i = 0; i < count; i += kHalf) {
    // Beyond 1e30 nothing counts at any scale, and no infinity may arise.
    const auto difference = hn::Min(hn::Sub(hn::Load(dd, squares + i), min_square), hn::Set(dd, 1e30));
    hn::Store(hn::DemoteTo(narrow, difference), narrow, excess + i);
  }
  constexpr float kLog2e = 1.44269504f;
  for (std::size_t s = 0; s < scale_count; ++s) {
    const auto slope = hn::Set(df, -static_cast<float>(scales[s]) * kLog2e);
    auto max_exponent = hn::MulAdd(hn::Load(df, excess), slope, hn::Load(df, bias));
    for (std::size_t i = kLanes; i < count; i += kLanes) {
      max_exponent = hn::Max(max_exponent, hn::MulAdd(hn::Load(df, excess + i), slope, hn::Load(df, bias + i)));
    }
    max_exponent = hn::MaxOfLanes(df, max_exponent);
    auto sum = hn::Zero(df);
    for (std::size_t i = 0; i < count; i += kLanes) {
      const auto exponent = hn::MulAdd(hn::Load(df, excess + i), slope, hn::Load(df, bias + i));
      sum = hn::Add(sum, Exp2(df, hn::Sub(exponent, max_exponent)));
    }
    // Back to natural logarithms, with the part that all terms share.
    constexpr double kLn2 = 0.6931471805599453094;
    out[s] = {static_cast<double>(hn::GetLane(max_exponent)) * kLn2 - scales[s] * hn::GetLane(min_square),
              static_cast<double>(hn::GetLane(hn::SumOfLanes(df, sum)))};
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace kernad::kernels
HWY_AFTER_NAMESPACE();

#endif  // KERNAD_KERNELS_LOG_SUM_SCALES_INL_H_
