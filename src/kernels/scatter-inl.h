// Second moments of centred rows, per target: the matrix product of a fit, in double.
//
// Our own loop rather than BLAS, because our threads share the rows out: two of them must not call a single-threaded
// OpenBLAS at once, and a multi-threaded one would start threads behind the caller's back.

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

/// Columns per panel: three registers. As many rows of the result are in registers at a time as a register has lanes,
/// or three: 24 accumulators with AVX-512, 12 with AVX2, 9 with 128 bits. Each register loaded then serves many
/// multiply-adds, and accumulators, operands and one broadcast just fit the register file.
inline constexpr std::size_t kScatterLanes = HWY_MAX(1, HWY_MIN(std::size_t{8}, HWY_MAX_BYTES / 8));
inline constexpr std::size_t kScatterColumns = 3 * kScatterLanes;
inline constexpr std::size_t kScatterRows = HWY_MAX(std::size_t{3}, kScatterLanes);

/// The rows first .. first + kScatterRows of out, and in them the vectors kFrom .. kTo - 1.
template <std::size_t kFrom, std::size_t kTo>
HWY_INLINE void ScatterRows(const double* HWY_RESTRICT left, const double* HWY_RESTRICT right, std::size_t rows,
                            std::size_t first, double* HWY_RESTRICT out, std::size_t out_stride) {
  const hn::CappedTag<double, kScatterLanes> d;
  using V = hn::Vec<decltype(d)>;
  static_assert(MaxLanes(d) == kScatterLanes && kScatterColumns % kScatterRows == 0);
  constexpr std::size_t kVectors = kTo - kFrom;
  V acc[kScatterRows][kVectors];
  KERNAD_UNROLL
  for (std::size_t r = 0; r < kScatterRows; ++r) {
    KERNAD_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) acc[r][v] = hn::Zero(d);
  }
  for (std::size_t i = 0; i < rows; ++i) {
    V b[kVectors];
    KERNAD_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) {
      b[v] = hn::Load(d, right + i * kScatterColumns + (kFrom + v) * kScatterLanes);
    }
    KERNAD_UNROLL
    for (std::size_t r = 0; r < kScatterRows; ++r) {
      const V a = hn::Set(d, left[i * kScatterColumns + first + r]);
      KERNAD_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) acc[r][v] = hn::MulAdd(a, b[v], acc[r][v]);
    }
  }
  KERNAD_UNROLL
  for (std::size_t r = 0; r < kScatterRows; ++r) {
    KERNAD_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) {
      double* sums = out + (first + r) * out_stride + (kFrom + v) * kScatterLanes;
      hn::StoreU(hn::Add(hn::LoadU(d, sums), acc[r][v]), d, sums);
    }
  }
}

/// out (rows out_stride apart) += left^T right for two panels, each rows x kScatterColumns: what KernelTable asks for,
/// in whole vectors.
inline void ScatterPanels(const double* HWY_RESTRICT left, const double* HWY_RESTRICT right, std::size_t rows,
                          double* HWY_RESTRICT out, std::size_t out_stride, std::size_t columns, bool upper) {
  const std::size_t to = (columns + kScatterLanes - 1) / kScatterLanes;
  for (std::size_t first = 0; first < kScatterColumns; first += kScatterRows) {
    const std::size_t from = upper ? first / kScatterLanes : 0;
    switch (4 * from + to) {
      case 1:
        ScatterRows<0, 1>(left, right, rows, first, out, out_stride);
        break;
      case 2:
        ScatterRows<0, 2>(left, right, rows, first, out, out_stride);
        break;
      case 3:
        ScatterRows<0, 3>(left, right, rows, first, out, out_stride);
        break;
      case 6:
        ScatterRows<1, 2>(left, right, rows, first, out, out_stride);
        break;
      case 7:
        ScatterRows<1, 3>(left, right, rows, first, out, out_stride);
        break;
      case 11:
        ScatterRows<2, 3>(left, right, rows, first, out, out_stride);
        break;
      default:  // beyond the columns asked for
        break;
    }
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace kernad::kernels
HWY_AFTER_NAMESPACE();

#endif  // KERNAD_KERNELS_SCATTER_INL_H_
