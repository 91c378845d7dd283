// The kernel sum of one query from differences in double and with a true maximum, per target: right for every finite
// query, near or 1e30 away. The exponents of a panel are kept, so that references are read only once.

#if defined(KERNAD_KERNELS_LOG_SUM_EXACT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNAD_KERNELS_LOG_SUM_EXACT_INL_H_
#undef KERNAD_KERNELS_LOG_SUM_EXACT_INL_H_
#else
#define KERNAD_KERNELS_LOG_SUM_EXACT_INL_H_
#endif

#include <cstddef>
#include <limits>

#include "hwy/highway.h"
#include "kernels/exp2-inl.h"
#include "kernels/kernels.hpp"
#include "kernels/references.hpp"

HWY_BEFORE_NAMESPACE();
namespace kernad::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// |q - r|^2 for the 16 references of a tile, into squares[16].
HWY_INLINE void TileSquaredDistances(const double* HWY_RESTRICT query, const float* HWY_RESTRICT tile,
                                     std::size_t dimension, double* HWY_RESTRICT squares) {
  const hn::CappedTag<double, kTileRows> dd;
  const hn::Rebind<float, decltype(dd)> df;
  using V = hn::Vec<decltype(dd)>;
  constexpr std::size_t kLanes = MaxLanes(dd);
  constexpr std::size_t kVectors = kTileRows / kLanes;
  V acc[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) acc[v] = hn::Zero(dd);
  for (std::size_t i = 0; i < dimension; ++i) {
    const V q = hn::Set(dd, query[i]);
    for (std::size_t v = 0; v < kVectors; ++v) {
      const V r = hn::PromoteTo(dd, hn::Load(df, tile + i * kTileRows + v * kLanes));
      const V difference = hn::Sub(q, r);
      acc[v] = hn::MulAdd(difference, difference, acc[v]);
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) hn::Store(acc[v], dd, squares + v * kLanes);
}

inline LogSumExp LogSumExact(const double* query, const float* tiles, const float* bias, std::size_t count,
                             std::size_t dimension) {
  if (count == 0) return {0.0, 0.0};
  HWY_ALIGN double squares[kExactPanelTiles * kTileRows];
  const std::size_t slots = count * kTileRows;
  for (std::size_t tile = 0; tile < count; ++tile) {
    TileSquaredDistances(query, tiles + tile * kTileRows * dimension, dimension, squares + tile * kTileRows);
  }

  const hn::CappedTag<double, kTileRows> dd;
  const hn::Rebind<float, decltype(dd)> df;
  constexpr std::size_t kLanes = MaxLanes(dd);
  // A slot without a reference must neither be the nearest nor count in the sum.
  const auto none = hn::Set(dd, kPadding);
  auto nearest = hn::Set(dd, std::numeric_limits<double>::max());
  for (std::size_t i = 0; i < slots; i += kLanes) {
    const auto weight = hn::PromoteTo(dd, hn::Load(df, bias + i));
    nearest = hn::IfThenElse(hn::Gt(weight, none), hn::Min(nearest, hn::Load(dd, squares + i)), nearest);
  }
  nearest = hn::MinOfLanes(dd, nearest);

  // w exp(-(s - nearest) / 2) = 2^(log2(w) + (nearest - s) log2(e) / 2); a term below 2^-126 does not count, since the
  // nearest reference alone contributes 1 or more.
  const auto scale = hn::Set(dd, 0.5 * 1.4426950408889634074);
  auto sum = hn::Zero(dd);
  for (std::size_t i = 0; i < slots; i += kLanes) {
    const auto weight = hn::PromoteTo(dd, hn::Load(df, bias + i));
    // Above 0 only where an empty slot is nearer than every reference, and there it must not outgrow kPadding.
    const auto closer = hn::Min(hn::Sub(nearest, hn::Load(dd, squares + i)), hn::Zero(dd));
    const auto exponent = hn::MulAdd(closer, scale, weight);
    sum = hn::Add(sum, hn::PromoteTo(dd, Exp2(df, hn::DemoteTo(df, hn::Max(exponent, hn::Set(dd, -127.0))))));
  }
  return {-0.5 * hn::GetLane(nearest), hn::GetLane(hn::SumOfLanes(dd, sum))};
}

inline LogSumExp LogSumAdaptive(const double* query, const float* tiles, const double* scale, const double* bias,
                                std::size_t count, std::size_t dimension) {
  if (count == 0) return {0.0, 0.0};
  HWY_ALIGN double costs[kExactPanelTiles * kTileRows];  // minus the exponents of 2
  const std::size_t slots = count * kTileRows;
  for (std::size_t tile = 0; tile < count; ++tile) {
    TileSquaredDistances(query, tiles + tile * kTileRows * dimension, dimension, costs + tile * kTileRows);
  }
  const hn::CappedTag<double, kTileRows> dd;
  const hn::Rebind<float, decltype(dd)> df;
  constexpr std::size_t kLanes = MaxLanes(dd);
  const auto max_cost = hn::Set(dd, -kNoReference);  // a cost beyond it, in a tight kernel far away, must stay a number
  auto min_cost = max_cost;
  for (std::size_t i = 0; i < slots; i += kLanes) {
    const auto cost = hn::Sub(hn::Mul(hn::Load(dd, costs + i), hn::Load(dd, scale + i)), hn::Load(dd, bias + i));
    const auto bounded = hn::Min(cost, max_cost);
    hn::Store(bounded, dd, costs + i);
    min_cost = hn::Min(min_cost, bounded);
  }
  min_cost = hn::MinOfLanes(dd, min_cost);
  auto sum = hn::Zero(dd);
  for (std::size_t i = 0; i < slots; i += kLanes) {
    const auto exponent = hn::Max(hn::Sub(min_cost, hn::Load(dd, costs + i)), hn::Set(dd, -127.0));
    sum = hn::Add(sum, hn::PromoteTo(dd, Exp2(df, hn::DemoteTo(df, exponent))));
  }
  constexpr double kLn2 = 0.6931471805599453094;
  return {-kLn2 * hn::GetLane(min_cost), hn::GetLane(hn::SumOfLanes(dd, sum))};
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace kernad::kernels
HWY_AFTER_NAMESPACE();

#endif  // KERNAD_KERNELS_LOG_SUM_EXACT_INL_H_
