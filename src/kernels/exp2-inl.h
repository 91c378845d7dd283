// 2^x in float32 registers, per target. Included once for every target by kernels.cpp.

#if defined(KERNAD_KERNELS_EXP2_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNAD_KERNELS_EXP2_INL_H_
#undef KERNAD_KERNELS_EXP2_INL_H_
#else
#define KERNAD_KERNELS_EXP2_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace kernad::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// 2^x for -1000 <= x <= 127, relative error below 3e-7 where the result is a normal number; 0 below 2^-126.
/// x = n + f with f in [-1/2, 1/2]: the Taylor polynomial of degree 6 of 2^f (remainder below 1.3e-7) times 2^n, which
/// is assembled from its bits.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Exp2(D d, V x) {
  const hn::RebindToSigned<D> di;
  const V clamped = hn::Max(x, hn::Set(d, -127.0f));
  const V n = hn::Round(clamped);
  const V f = hn::Sub(clamped, n);
  V p = hn::Set(d, 1.5403530393381608e-4f);
  p = hn::MulAdd(p, f, hn::Set(d, 1.3333558146428443e-3f));
  p = hn::MulAdd(p, f, hn::Set(d, 9.6181291076284772e-3f));
  p = hn::MulAdd(p, f, hn::Set(d, 5.5504108664821580e-2f));
  p = hn::MulAdd(p, f, hn::Set(d, 2.4022650695910071e-1f));
  p = hn::MulAdd(p, f, hn::Set(d, 6.9314718055994531e-1f));
  p = hn::MulAdd(p, f, hn::Set(d, 1.0f));
  // n = -127 leaves the exponent field zero, and so the product is 0.
  const auto bits = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127)));
  return hn::Mul(p, hn::BitCast(d, bits));
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace kernad::kernels
HWY_AFTER_NAMESPACE();

#endif  // KERNAD_KERNELS_EXP2_INL_H_
