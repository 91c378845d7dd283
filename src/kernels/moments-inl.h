// Adds rows to the moments of their columns, per target: sums of powers and ranges, and the centred copies from which
// products are computed. Element by element, so that every target gives the same bits.

#if defined(KERNAD_KERNELS_MOMENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNAD_KERNELS_MOMENTS_INL_H_
#undef KERNAD_KERNELS_MOMENTS_INL_H_
#else
#define KERNAD_KERNELS_MOMENTS_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "hwy/highway.h"
#include "kernels/scatter-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace kernad::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE hn::Vec<D> LoadAsDouble(D d, const double* from) {
  return hn::LoadU(d, from);
}
template <class D>
HWY_INLINE hn::Vec<D> LoadAsDouble(D d, const float* from) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, D>(), from));
}

/// kRows rows in order: sums and ranges stay in registers from one to the next.
template <std::size_t kRows, typename T>
HWY_INLINE void AddSomeRowMoments(const T* const* HWY_RESTRICT rows, const T* HWY_RESTRICT origin, std::size_t cols,
                                  double* HWY_RESTRICT sum, double* HWY_RESTRICT low, double* HWY_RESTRICT high) {
  const hn::CappedTag<double, kScatterLanes> d;
  std::size_t j = 0;
  for (; j + kScatterLanes <= cols; j += kScatterLanes) {
    const auto from = LoadAsDouble(d, origin + j);
    auto total = hn::LoadU(d, sum + j);
    auto least = hn::LoadU(d, low + j);
    auto most = hn::LoadU(d, high + j);
    KERNAD_UNROLL
    for (std::size_t i = 0; i < kRows; ++i) {
      const auto x = LoadAsDouble(d, rows[i] + j);
      total = hn::Add(total, hn::Sub(x, from));
      least = hn::Min(least, x);
      most = hn::Max(most, x);
    }
    hn::StoreU(total, d, sum + j);
    hn::StoreU(least, d, low + j);
    hn::StoreU(most, d, high + j);
  }
  for (; j < cols; ++j) {
    for (std::size_t i = 0; i < kRows; ++i) {
      const auto x = static_cast<double>(rows[i][j]);
      sum[j] += x - static_cast<double>(origin[j]);
      low[j] = std::min(low[j], x);
      high[j] = std::max(high[j], x);
    }
  }
}

template <typename T>
void AddRowMoments(const T* const* rows, std::size_t count, const T* origin, std::size_t cols, double* sum, double* low,
                   double* high) {
  constexpr std::size_t kRows = 4;  // read side by side, few enough to be prefetched
  std::size_t i = 0;
  for (; i + kRows <= count; i += kRows) AddSomeRowMoments<kRows>(rows + i, origin, cols, sum, low, high);
  for (; i < count; ++i) AddSomeRowMoments<1>(rows + i, origin, cols, sum, low, high);
}

/// The columns of one vector: their sums stay in registers.
template <class D>
HWY_INLINE void AddColumnPowers(D d, const float* const* HWY_RESTRICT rows, std::size_t count, std::size_t j,
                                const double* HWY_RESTRICT origin, std::size_t cols, double* HWY_RESTRICT sums,
                                double* HWY_RESTRICT low, double* HWY_RESTRICT high) {
  const auto from = hn::LoadU(d, origin + j);
  auto first = hn::LoadU(d, sums + j);
  auto second = hn::LoadU(d, sums + cols + j);
  auto third = hn::LoadU(d, sums + 2 * cols + j);
  auto fourth = hn::LoadU(d, sums + 3 * cols + j);
  auto least = hn::LoadU(d, low + j);
  auto most = hn::LoadU(d, high + j);
  for (std::size_t i = 0; i < count; ++i) {
    const auto x = hn::Sub(LoadAsDouble(d, rows[i] + j), from);
    const auto square = hn::Mul(x, x);
    first = hn::Add(first, x);
    second = hn::Add(second, square);
    third = hn::Add(third, hn::Mul(square, x));
    fourth = hn::Add(fourth, hn::Mul(square, square));
    least = hn::Min(least, x);
    most = hn::Max(most, x);
  }
  hn::StoreU(first, d, sums + j);
  hn::StoreU(second, d, sums + cols + j);
  hn::StoreU(third, d, sums + 2 * cols + j);
  hn::StoreU(fourth, d, sums + 3 * cols + j);
  hn::StoreU(least, d, low + j);
  hn::StoreU(most, d, high + j);
}

inline void AddRowPowers(const float* const* rows, std::size_t count, const double* origin, std::size_t cols,
                         double* sums, double* low, double* high) {
  const hn::CappedTag<double, kScatterLanes> d;
  std::size_t j = 0;
  for (; j + kScatterLanes <= cols; j += kScatterLanes)
    AddColumnPowers(d, rows, count, j, origin, cols, sums, low, high);
  for (; j < cols; ++j) AddColumnPowers(hn::CappedTag<double, 1>(), rows, count, j, origin, cols, sums, low, high);
}

template <typename T>
void CentreRow(const T* HWY_RESTRICT row, const double* HWY_RESTRICT mean, std::size_t cols, double* HWY_RESTRICT out,
               std::size_t panel_size) {
  const hn::CappedTag<double, kScatterLanes> d;
  for (std::size_t j = 0; j < cols; j += kScatterColumns, out += panel_size) {
    if (j + kScatterColumns <= cols) {
      KERNAD_UNROLL
      for (std::size_t v = 0; v < kScatterColumns; v += kScatterLanes) {
        hn::Store(hn::Sub(LoadAsDouble(d, row + j + v), hn::LoadU(d, mean + j + v)), d, out + v);
      }
    } else {
      for (std::size_t c = 0; c < kScatterColumns; ++c) {
        out[c] = j + c < cols ? static_cast<double>(row[j + c]) - mean[j + c] : 0.0;
      }
    }
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace kernad::kernels
HWY_AFTER_NAMESPACE();

#endif  // KERNAD_KERNELS_MOMENTS_INL_H_
