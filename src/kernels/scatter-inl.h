// Second moments of centred rows, per target: the matrix product of a fit, in double.
//
// Ours and not BLAS's, because rows are shared out among our threads and a single-threaded OpenBLAS must not be called
// by two of them at once, while a multi-threaded one would start threads behind the caller's back.

#if defined(KERNAD_KERNELS_SCATTER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNAD_KERNELS_SCATTER_INL_H_
#undef KERNAD_KERNELS_SCATTER_INL_H_
#else
#define KERNAD_KERNELS_SCATTER_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"
#include "kernels/projection.hpp"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace kernad::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Rows of the 16 x 16 result in registers at a time: 16 accumulators with AVX-512, 8 with AVX2, 8 with 128 bits.
inline constexpr std::size_t kScatterRows =
    HWY_MAX(1, HWY_MIN(std::size_t{8}, HWY_MAX_BYTES / 16 * HWY_MAX_BYTES / 32));

/// out (16 x 16, row stride out_stride) += left^T right for two panels, each rows x 16.
inline void ScatterPanels(const double* HWY_RESTRICT left, const double* HWY_RESTRICT right, std::size_t rows,
                          double* HWY_RESTRICT out, std::size_t out_stride) {
  const hn::CappedTag<double, kPanelColumns> d;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t kLanes = MaxLanes(d);
  constexpr std::size_t kVectors = kPanelColumns / kLanes;
  for (std::size_t first = 0; first < kPanelColumns; first += kScatterRows) {
    V acc[kScatterRows][kVectors];
    KERNAD_UNROLL
    for (std::size_t r = 0; r < kScatterRows; ++r) {
      KERNAD_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) acc[r][v] = hn::Zero(d);
    }
    for (std::size_t i = 0; i < rows; ++i) {
      V b[kVectors];
      KERNAD_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) b[v] = hn::Load(d, right + i * kPanelColumns + v * kLanes);
      KERNAD_UNROLL
      for (std::size_t r = 0; r < kScatterRows; ++r) {
        const V a = hn::Set(d, left[i * kPanelColumns + first + r]);
        KERNAD_UNROLL
        for (std::size_t v = 0; v < kVectors; ++v) acc[r][v] = hn::MulAdd(a, b[v], acc[r][v]);
      }
    }
    KERNAD_UNROLL
    for (std::size_t r = 0; r < kScatterRows; ++r) {
      KERNAD_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) {
        double* place = out + (first + r) * out_stride + v * kLanes;
        hn::StoreU(hn::Add(hn::LoadU(d, place), acc[r][v]), d, place);
      }
    }
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace kernad::kernels
HWY_AFTER_NAMESPACE();

#endif  // KERNAD_KERNELS_SCATTER_INL_H_
