// The remainder of long messages by carry-less multiplication, per target: a block that is followed by n more bits
// counts as its product with x^n mod P, so that four blocks of 128 bits replace all that came before them (Gopal et al.
// 2009, "Fast CRC computation for generic polynomials using PCLMULQDQ").

#if defined(KERNAD_KERNELS_CRC32_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNAD_KERNELS_CRC32_INL_H_
#undef KERNAD_KERNELS_CRC32_INL_H_
#else
#define KERNAD_KERNELS_CRC32_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "kernels/kernels.hpp"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace kernad::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_NEON

/// x^n mod P with reflected bits, one bit further up: the product of two reflected numbers lies one bit further down.
constexpr std::uint64_t PowerOfX(unsigned n) {
  std::uint32_t rest = 0x80000000U;
  for (unsigned i = 0; i < n; ++i) rest = (rest >> 1U) ^ ((rest & 1U) != 0 ? 0xedb88320U : 0U);
  return std::uint64_t{rest} << 1U;
}

/// `block`, moved ahead by the number of bits that `powers` stand for, plus `next`.
template <class V>
HWY_INLINE V Fold(V block, V powers, V next) {
  return hn::Xor(hn::Xor(hn::CLMulLower(block, powers), hn::CLMulUpper(block, powers)), next);
}

inline void FoldCrc32(const std::byte* data, std::size_t count, std::uint32_t rest, std::byte* out) {
  const hn::FixedTag<std::uint64_t, 2> d;
  const hn::Repartition<std::uint8_t, decltype(d)> bytes;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t kBlocks = 4;
  const auto load = [&](std::size_t block) {
    return hn::BitCast(d, hn::LoadU(bytes, reinterpret_cast<const std::uint8_t*>(data) + 16 * block));
  };
  // The first half of a block is 64 bits further up than the second; 32 bits less are those of the remainder.
  alignas(16) constexpr std::uint64_t kFarPowers[2] = {PowerOfX(512 + 32), PowerOfX(512 - 32)};
  alignas(16) constexpr std::uint64_t kNearPowers[2] = {PowerOfX(128 + 32), PowerOfX(128 - 32)};
  const V far = hn::Load(d, kFarPowers);
  const V near = hn::Load(d, kNearPowers);
  alignas(16) const std::uint64_t begin[2] = {rest, 0};
  V blocks[kBlocks];
  KERNAD_UNROLL
  for (std::size_t b = 0; b < kBlocks; ++b) blocks[b] = load(b);
  blocks[0] = hn::Xor(blocks[0], hn::Load(d, begin));
  for (std::size_t done = kCrcMultiple; done < count; done += kCrcMultiple) {
    KERNAD_UNROLL
    for (std::size_t b = 0; b < kBlocks; ++b) blocks[b] = Fold(blocks[b], far, load(done / 16 + b));
  }
  V all = blocks[0];
  KERNAD_UNROLL
  for (std::size_t b = 1; b < kBlocks; ++b) all = Fold(all, near, blocks[b]);
  alignas(16) std::uint64_t folded[2];
  hn::Store(all, d, folded);
  std::memcpy(out, folded, sizeof folded);
}

inline constexpr auto kFoldCrc32 = &FoldCrc32;

#else

inline constexpr void (*kFoldCrc32)(const std::byte*, std::size_t, std::uint32_t, std::byte*) = nullptr;

#endif

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace kernad::kernels
HWY_AFTER_NAMESPACE();

#endif  // KERNAD_KERNELS_CRC32_INL_H_
