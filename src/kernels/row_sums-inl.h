// Sums over the columns of one row, per target. In eight sums, as linalg::sum_of has them, and without fused
// multiply-adds: every target gives the same bits.

#if defined(KERNAD_KERNELS_ROW_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNAD_KERNELS_ROW_SUMS_INL_H_
#undef KERNAD_KERNELS_ROW_SUMS_INL_H_
#else
#define KERNAD_KERNELS_ROW_SUMS_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"
#include "kernels/moments-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace kernad::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The sum of term(row[j], other[j]), in vectors or single values.
template <class Term>
HWY_INLINE double SumOfTerms(const float* HWY_RESTRICT row, const double* HWY_RESTRICT other, std::size_t cols,
                             const Term& term) {
  constexpr std::size_t kSums = 8;
  const hn::CappedTag<double, kScatterLanes> d;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t kVectors = kSums / kScatterLanes;
  V acc[kVectors];
  KERNAD_UNROLL
  for (std::size_t v = 0; v < kVectors; ++v) acc[v] = hn::Zero(d);
  std::size_t j = 0;
  for (; j + kSums <= cols; j += kSums) {
    KERNAD_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t at = j + v * kScatterLanes;
      acc[v] = hn::Add(acc[v], term(LoadAsDouble(d, row + at), hn::LoadU(d, other + at)));
    }
  }
  HWY_ALIGN double sums[kSums];
  KERNAD_UNROLL
  for (std::size_t v = 0; v < kVectors; ++v) hn::Store(acc[v], d, sums + v * kScatterLanes);
  const hn::CappedTag<double, 1> one;
  for (; j < cols; ++j) sums[0] += hn::GetLane(term(LoadAsDouble(one, row + j), hn::LoadU(one, other + j)));
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum;
}

inline double Dot(const float* row, const double* direction, std::size_t cols) {
  return SumOfTerms(row, direction, cols, [](auto x, auto along) HWY_ATTR { return hn::Mul(x, along); });
}

inline double SquaredDistance(const float* row, const double* centre, std::size_t cols) {
  return SumOfTerms(row, centre, cols, [](auto x, auto from) HWY_ATTR {
    const auto difference = hn::Sub(x, from);
    return hn::Mul(difference, difference);
  });
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace kernad::kernels
HWY_AFTER_NAMESPACE();

#endif  // KERNAD_KERNELS_ROW_SUMS_INL_H_
