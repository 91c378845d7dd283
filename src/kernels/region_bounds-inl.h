// How near a query can be to the points of a region, for 16 regions at once, per target.

#if defined(KERNAD_KERNELS_REGION_BOUNDS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNAD_KERNELS_REGION_BOUNDS_INL_H_
#undef KERNAD_KERNELS_REGION_BOUNDS_INL_H_
#else
#define KERNAD_KERNELS_REGION_BOUNDS_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"
#include "kernels/kernels.hpp"
#include "kernels/references.hpp"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace kernad::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline void RegionBounds(const float* query, const Regions& regions, float* out) {
  const hn::CappedTag<float, kTileRows> d;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t kLanes = MaxLanes(d);
  constexpr std::size_t kVectors = kTileRows / kLanes;
  const std::size_t dimension = regions.dimension;
  // A sum of squares in float32 can be (dimension + 2) roundings too large, its root half as many.
  const V shrink = hn::Set(d, 1.0f - static_cast<float>(dimension + 4) * 0x1p-24f);
  for (std::size_t pack = 0; pack < regions.count; ++pack) {
    const std::size_t first = pack * dimension * kTileRows;
    V to_box[kVectors];
    V to_centre[kVectors];
    KERNAD_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) to_box[v] = to_centre[v] = hn::Zero(d);
    for (std::size_t i = 0; i < dimension; ++i) {
      const V q = hn::Set(d, query[i]);
      KERNAD_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) {
        const std::size_t slot = first + i * kTileRows + v * kLanes;
        const V below = hn::Sub(hn::Load(d, regions.low + slot), q);
        const V above = hn::Sub(q, hn::Load(d, regions.high + slot));
        const V outside = hn::Max(hn::Max(below, above), hn::Zero(d));
        const V from_centre = hn::Sub(q, hn::Load(d, regions.centre + slot));
        to_box[v] = hn::MulAdd(outside, outside, to_box[v]);
        to_centre[v] = hn::MulAdd(from_centre, from_centre, to_centre[v]);
      }
    }
    KERNAD_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t slot = pack * kTileRows + v * kLanes;
      const V radius = hn::Load(d, regions.radius + slot);
      const V to_ball = hn::Max(hn::MulSub(hn::Sqrt(to_centre[v]), shrink, radius), hn::Zero(d));
      const V squared = hn::Max(to_box[v], hn::Mul(to_ball, to_ball));
      hn::Store(hn::Mul(squared, hn::Set(d, -0.5f * 1.44269504f)), d, out + slot);
    }
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace kernad::kernels
HWY_AFTER_NAMESPACE();

#endif  // KERNAD_KERNELS_REGION_BOUNDS_INL_H_
