// Distance, exp2 and sum on the matrix unit of a processor (AMX): for targets that have one, included once by
// kernels.cpp.
//
// The unit multiplies numbers of 8 bits of precision (bfloat16) and adds in float32. A float32 is the sum of three such
// numbers, x = x1 + x2 + x3, without an error; of the nine products of two such sums, the six largest are kept. What is
// left out is at most half a unit in the last place of a product in float32 (docs/numerics.md, "Matrix units").
//
// Goals: references are split once for all queries of a block, in memory that stays in the cache; the unit works on
// some tiles while the vector registers take the exponentials of those before. A query's sum has the same bits
// whichever queries share its block.

#if defined(KERNAD_KERNELS_MATRIX_SUM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNAD_KERNELS_MATRIX_SUM_INL_H_
#undef KERNAD_KERNELS_MATRIX_SUM_INL_H_
#else
#define KERNAD_KERNELS_MATRIX_SUM_INL_H_
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "hwy/highway.h"
#include "kernels/float_mode.hpp"
#include "kernels/kernels.hpp"
#include "kernels/references.hpp"
#include "kernels/sum_fused-inl.h"

#if HWY_TARGET == HWY_AVX3 && defined(KERNAD_MATRIX_UNIT)
#include <immintrin.h>
#ifndef KERNAD_AMX_ATTR
#define KERNAD_AMX_ATTR __attribute__((target(HWY_TARGET_STR ",amx-tile,amx-bf16")))
#endif

HWY_BEFORE_NAMESPACE();
namespace kernad::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Bits = hn::Vec<hn::RebindToUnsigned<FusedTag>>;

/// The three parts of 16 numbers, each in the upper 16 bits of its lane.
struct Parts {
  Bits part[3];
};

/// Each part is what remains, rounded to 8 bits; three of them hold all 24 bits of a float32.
HWY_INLINE Parts SplitFloats(FusedVec x) {
  const FusedTag d;
  const hn::RebindToUnsigned<FusedTag> du;
  Parts parts;
  KERNAD_UNROLL
  for (std::size_t i = 0; i < 3; ++i) {
    parts.part[i] = hn::And(hn::Add(hn::BitCast(du, x), hn::Set(du, 0x8000U)), hn::Set(du, 0xFFFF0000U));
    x = hn::Sub(x, hn::BitCast(d, parts.part[i]));
  }
  return parts;
}

/// Upper halves of 16 lanes.
HWY_INLINE __m256i UpperHalves(Bits bits) { return _mm512_cvtepi32_epi16(_mm512_srli_epi32(bits.raw, 16)); }

/// Writes a query's part of a tile: a row of 32 values.
HWY_INLINE void StoreRow(std::uint16_t* row, Bits low, Bits high) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(row), UpperHalves(low));
  _mm256_store_si256(reinterpret_cast<__m256i*>(row) + 1, UpperHalves(high));
}

/// Queries by rows to what MatrixPass reads: for each 32 columns the three parts q1, q2, q3, each as two tiles of 16
/// queries x 32 columns; for a rest of up to 16 columns q1 q1, q2 q2 and q1 q3 likewise, where q1 q3 is a row of 16
/// columns of one part and the same columns of another.
void SplitQueries(const float* HWY_RESTRICT rows, std::size_t width, std::size_t dimension,
                  std::uint16_t* HWY_RESTRICT out) {
  const FusedTag d;
  constexpr std::size_t kPart = 2 * kSplitTile;
  for (std::size_t first = 0; first < dimension; first += kSplitColumns, out += 3 * kPart) {
    const std::size_t count = std::min(kSplitColumns, dimension - first);
    std::fill_n(out, 3 * kPart, std::uint16_t{0});
    for (std::size_t q = 0; q < width; ++q) {
      const float* row = rows + q * dimension + first;
      std::uint16_t* to = out + q * kSplitColumns;
      const Parts low = SplitFloats(hn::MaskedLoad(hn::FirstN(d, std::min(count, kTileRows)), d, row));
      if (count <= kTileRows) {
        StoreRow(to, low.part[0], low.part[0]);
        StoreRow(to + kPart, low.part[1], low.part[1]);
        StoreRow(to + 2 * kPart, low.part[0], low.part[2]);
        continue;
      }
      const Parts high = SplitFloats(hn::MaskedLoad(hn::FirstN(d, count - kTileRows), d, row + kTileRows));
      KERNAD_UNROLL
      for (std::size_t i = 0; i < 3; ++i) StoreRow(to + i * kPart, low.part[i], high.part[i]);
    }
  }
}

/// References to what MatrixPass reads: for each 32 columns a tile of each part, in 16 rows of two columns of 16
/// references; for a rest of up to 16 columns two tiles, r1 above r2 and r3 above r1.
HWY_NOINLINE void SplitTiles(const FusedTiles& tiles, std::uint16_t* HWY_RESTRICT out) {
  const FusedTag d;
  const hn::RebindToUnsigned<FusedTag> du;
  constexpr std::size_t kHalf = kSplitTile / 2;
  for (std::size_t t = 0; t < tiles.count; ++t) {
    const float* tile = tiles.values + t * kTileRows * tiles.dimension;
    for (std::size_t first = 0; first < tiles.dimension; first += kSplitColumns, out += 3 * kSplitTile) {
      const std::size_t count = std::min(kSplitColumns, tiles.dimension - first);
      const bool rest = count <= kTileRows;
      const std::size_t where[3] = {0, rest ? kHalf : kSplitTile, rest ? kSplitTile : 2 * kSplitTile};
      for (std::size_t i = 0; i < (rest ? kTileRows : kSplitColumns); i += 2) {
        const float* column = tile + (first + i) * kTileRows;
        const Parts even = SplitFloats(i < count ? hn::Load(d, column) : hn::Zero(d));
        const Parts odd = SplitFloats(i + 1 < count ? hn::Load(d, column + kTileRows) : hn::Zero(d));
        auto* to = reinterpret_cast<std::uint32_t*>(out) + i / 2 * kTileRows;
        Bits pairs[3];
        KERNAD_UNROLL
        for (std::size_t p = 0; p < 3; ++p) {
          pairs[p] = hn::Or(hn::ShiftRight<16>(even.part[p]), odd.part[p]);
          hn::Store(pairs[p], du, to + where[p] / 2);
        }
        if (rest) hn::Store(pairs[0], du, to + (kSplitTile + kHalf) / 2);
      }
    }
  }
}

// Numbers of the tile registers are part of an instruction: 0 to 3 hold products, 4 and 5 queries, 6 and 7 references.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t bytes_a_row[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

/// Products of 32 queries, or 16, and a pair of tiles: query x reference of each.
using Products = std::array<float, 4 * kTileRows * kTileRows>;

/// The pairs of parts whose products are added, the largest last.
template <bool kTwo>
struct Multiplier {
  const std::uint16_t* queries;
  const std::uint16_t* first;  ///< of the two tiles
  const std::uint16_t* second;

  KERNAD_AMX_ATTR HWY_INLINE void LoadQueries(std::size_t part) const {
    _tile_loadd(4, queries + part * 2 * kSplitTile, 64);
    if constexpr (kTwo) _tile_loadd(5, queries + (part * 2 + 1) * kSplitTile, 64);
  }
  KERNAD_AMX_ATTR HWY_INLINE void LoadTiles(std::size_t part) const {
    _tile_loadd(6, first + part * kSplitTile, 64);
    _tile_loadd(7, second + part * kSplitTile, 64);
  }
  KERNAD_AMX_ATTR HWY_INLINE static void Add() {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    if constexpr (kTwo) {
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  KERNAD_AMX_ATTR HWY_INLINE void Full() const {
    LoadQueries(2), LoadTiles(0), Add();
    LoadQueries(1), Add();
    LoadTiles(1), Add();
    LoadQueries(0), Add();
    LoadTiles(2), Add();
    LoadTiles(0), Add();
  }
  KERNAD_AMX_ATTR HWY_INLINE void Rest() const {
    LoadQueries(2), LoadTiles(1), Add();
    LoadQueries(1), LoadTiles(0), Add();
    LoadQueries(0), Add();
  }
};

template <bool kTwo>
KERNAD_AMX_ATTR HWY_INLINE void Multiply(const std::uint16_t* queries, const std::uint16_t* first,
                                         const std::uint16_t* second, std::size_t dimension) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  Multiplier<kTwo> at{queries, first, second};
  for (std::size_t left = dimension; left != 0;) {
    if (left <= kTileRows) {
      at.Rest();
    } else {
      at.Full();
    }
    at = {at.queries + 6 * kSplitTile, at.first + 3 * kSplitTile, at.second + 3 * kSplitTile};
    left -= std::min(left, kSplitColumns);
  }
}

template <bool kTwo>
KERNAD_AMX_ATTR HWY_INLINE void StoreProducts(Products& out) {
  constexpr std::size_t kEach = kTileRows * kTileRows;
  _tile_stored(0, out.data(), 64);
  _tile_stored(1, out.data() + 2 * kEach, 64);
  if constexpr (kTwo) {
    _tile_stored(2, out.data() + kEach, 64);
    _tile_stored(3, out.data() + 3 * kEach, 64);
  }
}

/// Exponents from the products of `count` tiles, and what is done with them.
template <PairUse kUse, std::size_t kCount>
HWY_INLINE void UseProducts(const MatrixQueries& queries, const Products& products, const float* HWY_RESTRICT bias,
                            float* HWY_RESTRICT kept) {
  const FusedTag d;
  FusedVec biases[kCount];
  for (std::size_t t = 0; t < kCount; ++t) biases[t] = hn::Load(d, bias + t * kTileRows);
  for (std::size_t q = 0; q < queries.width; ++q) {
    const FusedVec own = hn::Set(d, queries.bias[q]);
    FusedVec lane = hn::Load(d, kept + q * kTileRows);
    KERNAD_UNROLL
    for (std::size_t t = 0; t < kCount; ++t) {
      const FusedVec product = hn::Load(d, products.data() + (t * 2 * kTileRows + q) * kTileRows);
      const FusedVec exponent = hn::Add(product, hn::Add(biases[t], own));
      lane = kUse == PairUse::kSum ? hn::Add(lane, FastExp2(exponent)) : hn::Max(lane, exponent);
    }
    hn::Store(lane, d, kept + q * kTileRows);
  }
}

/// A group of queries and all tiles, two at a time: the unit multiplies two while the exponentials of those before are
/// taken.
template <PairUse kUse, bool kTwo>
KERNAD_AMX_ATTR HWY_NOINLINE void MatrixPass(const MatrixQueries& queries, const FusedTiles& tiles,
                                             const std::uint16_t* split) {
  const FusedTag d;
  const std::size_t size = split_tile_size(tiles.dimension);
  alignas(64) Products products;
  alignas(64) std::array<float, kMaxMatrixWidth * kTileRows> largest;
  float* kept = queries.lanes;
  if constexpr (kUse == PairUse::kMax) {
    largest.fill(std::numeric_limits<float>::lowest());
    kept = largest.data();
  }
  const auto multiply = [&](std::size_t t) KERNAD_AMX_ATTR {
    const std::uint16_t* first = split + t * size;
    Multiply<kTwo>(queries.split, first, t + 1 < tiles.count ? first + size : first, tiles.dimension);
  };
  multiply(0);
  for (std::size_t t = 0; t < tiles.count; t += 2) {
    StoreProducts<kTwo>(products);
    if (t + 2 < tiles.count) multiply(t + 2);
    const float* bias = tiles.bias + t * kTileRows;
    if (t + 1 < tiles.count) {
      UseProducts<kUse, 2>(queries, products, bias, kept);
    } else {
      UseProducts<kUse, 1>(queries, products, bias, kept);
    }
  }
  if constexpr (kUse == PairUse::kMax) {
    for (std::size_t q = 0; q < queries.width; ++q) {
      queries.lanes[q] = hn::GetLane(hn::MaxOfLanes(d, hn::Load(d, kept + q * kTileRows)));
    }
  }
}

template <PairUse kUse>
KERNAD_AMX_ATTR void MatrixFused(const MatrixQueries* groups, std::size_t count, const FusedTiles& tiles,
                                 std::uint16_t* scratch) {
  [[maybe_unused]] const FloatMode mode;
  SplitTiles(tiles, scratch);
  const TileConfig config;
  _tile_loadconfig(&config);
  for (std::size_t g = 0; g < count; ++g) {
    if (groups[g].width > kTileRows) {
      MatrixPass<kUse, true>(groups[g], tiles, scratch);
    } else {
      MatrixPass<kUse, false>(groups[g], tiles, scratch);
    }
  }
  _tile_release();
}

inline constexpr MatrixKernels kMatrixKernels = {&SplitQueries, &MatrixFused<PairUse::kSum>,
                                                 &MatrixFused<PairUse::kMax>};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace kernad::kernels
HWY_AFTER_NAMESPACE();

#endif  // HWY_TARGET == HWY_AVX3
#endif  // KERNAD_KERNELS_MATRIX_SUM_INL_H_
