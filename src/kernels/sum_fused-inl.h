// Distance, exp2 and sum for many query-reference pairs in float32 registers, per target: scoring spends nearly all of
// its time here.
//
// Goals: each pair's value stays in a register from the distance to the sum; a pair costs k fused multiply-adds and
// eight more instructions on AVX-512. A query's sum has the same bits whichever queries share its block. There is no
// running maximum: the caller supplies a shift of the exponents that keeps the sum inside float32. Where it cannot know
// one, the same loops find the largest exponent instead of a sum, which saves the exponential. Rejected: a matrix
// product followed by a vector exp needs a pass over memory between the two and is 10 times slower; exponentials by
// table lookup cost more than the polynomial once gathers are counted.

#if defined(KERNAD_KERNELS_SUM_FUSED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNAD_KERNELS_SUM_FUSED_INL_H_
#undef KERNAD_KERNELS_SUM_FUSED_INL_H_
#else
#define KERNAD_KERNELS_SUM_FUSED_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <limits>

#include "hwy/highway.h"
#include "kernels/float_mode.hpp"
#include "kernels/kernels.hpp"
#include "kernels/references.hpp"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace kernad::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FusedTag = hn::CappedTag<float, kTileRows>;
using FusedVec = hn::Vec<FusedTag>;
inline constexpr std::size_t kFusedLanes = MaxLanes(FusedTag());
inline constexpr std::size_t kTileVectors = kTileRows / kFusedLanes;

/// 2^x, relative error below 3e-6 where float32 holds it; at most 2^-125 below -126, at least 2^126 from
/// 127 up to kMaxExponent. Runs in FloatMode, where an underflow costs nothing. The polynomial of degree 4 is the one
/// of least relative error (2.6e-6) over one octave; its error oscillates about 0, so that much of it cancels in a sum.
HWY_INLINE FusedVec FastExp2(FusedVec x) {
  const FusedTag d;
#if HWY_TARGET == HWY_AVX3
  // f = x - floor(x) in [0, 1) and the multiplication by 2^floor(x) are one instruction each.
  const FusedVec f{_mm512_reduce_ps(x.raw, 1)};
  FusedVec p = hn::MulAdd(f, hn::Set(d, 0.0135341706f), hn::Set(d, 0.0520114563f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.241442755f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.693003833f));
  p = hn::MulAdd(p, f, hn::Set(d, 1.00000262f));
  return FusedVec{_mm512_scalef_ps(p.raw, x.raw)};
#else
  const hn::RebindToSigned<FusedTag> di;
  const FusedVec above = hn::Max(x, hn::Set(d, -126.0f));
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4
  // Additions and comparisons of floats share two ports; a clamp in integers and a rounding instruction avoid them.
  // Highway's conversion would repair an overflow that the clamp makes harmless. The value is whole before it is
  // converted, because the conversion itself would round in the calling thread's mode.
  const FusedVec whole = hn::Round(above);
  const FusedVec f = hn::Sub(above, whole);
#if HWY_TARGET == HWY_AVX2
  const hn::Vec<decltype(di)> rounded{_mm256_cvtps_epi32(whole.raw)};
#else
  const hn::Vec<decltype(di)> rounded{_mm_cvtps_epi32(whole.raw)};
#endif
  const auto n = hn::Min(rounded, hn::Set(di, 127));
#else
  // Adding 1.5 * 2^23 leaves round(x) in the low bits of the sum.
  const FusedVec magic = hn::Set(d, 12582912.0f);
  const FusedVec clamped = hn::Min(above, hn::Set(d, 127.0f));
  const FusedVec shifted = hn::Add(clamped, magic);
  const FusedVec f = hn::Sub(clamped, hn::Sub(shifted, magic));
  const auto n = hn::BitCast(di, shifted);
#endif
  FusedVec p = hn::MulAdd(f, hn::Set(d, 0.0095701011f), hn::Set(d, 0.0559178591f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.240247443f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.693121791f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.999999285f));
  // round(x) is added to the exponent of p, which is 126 or 127.
  return hn::BitCast(d, hn::Add(hn::BitCast(di, p), hn::ShiftLeft<23>(n)));
#endif
}

/// The form of an exponent: query bias + tile bias + q . r (expanded), or query bias + tile bias - scale |q - r|^2,
/// where the scale is log2(e) / 2 (difference) or each reference's own (adaptive).
enum class PairForm { kExpanded, kDifference, kAdaptive };

/// What is done with the exponents: 2^x is added to the lanes, the largest of each query is stored, or every one is.
enum class PairUse { kSum, kMax, kStore };

/// Exponents of kQ queries and kTiles tiles. values: dimension x kQ.
template <PairForm kForm, std::size_t kQ, std::size_t kTiles>
HWY_INLINE void PairExponents(const float* HWY_RESTRICT values, const float* HWY_RESTRICT query_bias,
                              const float* HWY_RESTRICT tiles, const float* HWY_RESTRICT tile_bias,
                              [[maybe_unused]] const float* HWY_RESTRICT tile_scale, std::size_t dimension,
                              FusedVec (&acc)[kQ][kTiles * kTileVectors]) {
  constexpr bool kDifference = kForm != PairForm::kExpanded;
  const FusedTag d;
  constexpr std::size_t kVectors = kTiles * kTileVectors;
  const std::size_t tile_stride = kTileRows * dimension;
  KERNAD_UNROLL
  for (std::size_t v = 0; v < kVectors; ++v) {
    const FusedVec bias = hn::Load(d, tile_bias + v * kFusedLanes);
    KERNAD_UNROLL
    for (std::size_t q = 0; q < kQ; ++q) {
      acc[q][v] = kDifference ? hn::Zero(d) : hn::Add(bias, hn::Set(d, query_bias[q]));
    }
  }
  for (std::size_t i = 0; i < dimension; ++i) {
    FusedVec r[kVectors];
    KERNAD_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) {
      r[v] = hn::Load(d, tiles + (v / kTileVectors) * tile_stride + i * kTileRows + (v % kTileVectors) * kFusedLanes);
    }
    KERNAD_UNROLL
    for (std::size_t q = 0; q < kQ; ++q) {
      const FusedVec x = hn::Set(d, values[i * kQ + q]);
      KERNAD_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) {
        if constexpr (kDifference) {
          const FusedVec difference = hn::Sub(x, r[v]);
          acc[q][v] = hn::MulAdd(difference, difference, acc[q][v]);
        } else {
          acc[q][v] = hn::MulAdd(x, r[v], acc[q][v]);
        }
      }
    }
  }
  if constexpr (kDifference) {
    KERNAD_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) {
      FusedVec scale = hn::Set(d, -0.5f * 1.44269504f);
      if constexpr (kForm == PairForm::kAdaptive) scale = hn::Neg(hn::Load(d, tile_scale + v * kFusedLanes));
      const FusedVec bias = hn::Load(d, tile_bias + v * kFusedLanes);
      KERNAD_UNROLL
      for (std::size_t q = 0; q < kQ; ++q) {
        acc[q][v] = hn::MulAdd(acc[q][v], scale, hn::Add(bias, hn::Set(d, query_bias[q])));
      }
    }
  }
}

/// kQ queries against all tiles, kTiles at a time. The tiles' sums are added in order, one by one, so that the
/// result does not depend on kQ and kTiles.
template <PairForm kForm, PairUse kUse, std::size_t kQ, std::size_t kTiles>
HWY_NOINLINE void PassTiles(const FusedQueries& queries, const FusedTiles& tiles) {
  const FusedTag d;
  const float* const values = queries.values;
  const float* const query_bias = queries.bias;
  float* lanes = queries.lanes;
  const float* tile = tiles.values;
  const float* tile_bias = tiles.bias;
  const float* tile_scale = tiles.scale;
  const std::size_t dimension = tiles.dimension;
  FusedVec kept[kQ][kTileVectors];
  KERNAD_UNROLL
  for (std::size_t q = 0; q < kQ; ++q) {
    KERNAD_UNROLL
    for (std::size_t v = 0; v < kTileVectors; ++v) {
      kept[q][v] = kUse == PairUse::kSum ? hn::Load(d, lanes + q * kTileRows + v * kFusedLanes)
                                         : hn::Set(d, std::numeric_limits<float>::lowest());
    }
  }
  const auto pass = [&]<std::size_t kCount>() HWY_ATTR {
    HWY_FENCE;  // keeps the compiler from holding more broadcast query values than there are registers
    FusedVec acc[kQ][kCount * kTileVectors];
    PairExponents<kForm, kQ, kCount>(values, query_bias, tile, tile_bias, tile_scale, dimension, acc);
    KERNAD_UNROLL
    for (std::size_t q = 0; q < kQ; ++q) {
      KERNAD_UNROLL
      for (std::size_t v = 0; v < kCount * kTileVectors; ++v) {
        FusedVec& lane = kept[q][v % kTileVectors];
        if constexpr (kUse == PairUse::kSum) lane = hn::Add(lane, FastExp2(acc[q][v]));
        if constexpr (kUse == PairUse::kMax) lane = hn::Max(lane, acc[q][v]);
        if constexpr (kUse == PairUse::kStore) hn::Store(acc[q][v], d, lanes + v * kFusedLanes);
      }
    }
    if constexpr (kUse == PairUse::kStore) lanes += kCount * kTileRows;
    tile += kCount * kTileRows * dimension;
    tile_bias += kCount * kTileRows;
    if constexpr (kForm == PairForm::kAdaptive) tile_scale += kCount * kTileRows;
  };
  std::size_t left = tiles.count;
  for (; left >= kTiles; left -= kTiles) pass.template operator()<kTiles>();
  for (; left != 0; --left) pass.template operator()<1>();
  KERNAD_UNROLL
  for (std::size_t q = 0; q < kQ; ++q) {
    KERNAD_UNROLL
    for (std::size_t v = 0; v < kTileVectors; ++v) {
      if constexpr (kUse == PairUse::kSum) hn::Store(kept[q][v], d, lanes + q * kTileRows + v * kFusedLanes);
      if constexpr (kUse == PairUse::kMax) kept[q][0] = hn::Max(kept[q][0], kept[q][v]);
    }
    if constexpr (kUse == PairUse::kMax) lanes[q] = hn::GetLane(hn::MaxOfLanes(d, kept[q][0]));
  }
}

// Accumulators in flight: 16 registers of 32 with AVX-512 and NEON, 12 of 16 with AVX2, 8 of 16 with SSE4.
#if HWY_TARGET == HWY_AVX3
inline constexpr std::size_t kFusedQueries = 8;
inline constexpr std::size_t kFusedTiles = 2;
#elif HWY_TARGET == HWY_AVX2
inline constexpr std::size_t kFusedQueries = 6;
inline constexpr std::size_t kFusedTiles = 1;
#elif HWY_TARGET == HWY_NEON
inline constexpr std::size_t kFusedQueries = 4;
inline constexpr std::size_t kFusedTiles = 1;
#else
inline constexpr std::size_t kFusedQueries = 2;
inline constexpr std::size_t kFusedTiles = 1;
#endif
/// Tiles in flight for a lone query: enough independent chains to hide the latency of the multiply-add.
inline constexpr std::size_t kLoneTiles = std::max<std::size_t>(2, 8 / kTileVectors);

template <PairForm kForm, PairUse kUse>
void Fused(const FusedQueries& queries, const FusedTiles& tiles) {
  [[maybe_unused]] const FloatMode mode;
  if (queries.width == 1) {
    PassTiles<kForm, kUse, 1, kLoneTiles>(queries, tiles);
  } else {
    PassTiles<kForm, kUse, kFusedQueries, kFusedTiles>(queries, tiles);
  }
}

template <PairForm kForm>
void FusedExponents(const FusedQueries& query, const FusedTiles& tiles) {
  [[maybe_unused]] const FloatMode mode;
  PassTiles<kForm, PairUse::kStore, 1, kLoneTiles>(query, tiles);
}

template <PairForm kForm>
inline constexpr FusedKernels kFusedKernels = {&Fused<kForm, PairUse::kSum>, &Fused<kForm, PairUse::kMax>,
                                               &FusedExponents<kForm>};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace kernad::kernels
HWY_AFTER_NAMESPACE();

#endif  // KERNAD_KERNELS_SUM_FUSED_INL_H_
