// Rows through a linear map, per target: centre a few rows in double, then fused multiply-adds panel by panel.

#if defined(KERNAD_KERNELS_PROJECT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNAD_KERNELS_PROJECT_INL_H_
#undef KERNAD_KERNELS_PROJECT_INL_H_
#else
#define KERNAD_KERNELS_PROJECT_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "hwy/highway.h"
#include "kernels/projection.hpp"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace kernad::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Registers of outputs at a time. With kProjectScratchRows rows that makes 8 accumulators, which hide the latency of
/// the fused multiply-add and fit the register file of every target. Each value loaded from a panel, which may come
/// from beyond the first-level cache, then serves as many multiply-adds as possible.
inline constexpr std::size_t kProjectVectors = 2;

/// kRows rows of centred inputs times kProjectVectors registers of one panel's columns.
template <std::size_t kRows>
HWY_INLINE void ProjectColumns(const double* HWY_RESTRICT centred, const double* HWY_RESTRICT panel, std::size_t inputs,
                               double* HWY_RESTRICT out, std::size_t out_stride) {
  const hn::CappedTag<double, kPanelColumns / kProjectVectors> d;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t kLanes = MaxLanes(d);
  constexpr std::size_t kVectors = kProjectVectors;
  V acc[kRows][kVectors];
  KERNAD_UNROLL
  for (std::size_t r = 0; r < kRows; ++r) {
    KERNAD_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) acc[r][v] = hn::Zero(d);
  }
  for (std::size_t i = 0; i < inputs; ++i) {
    V a[kVectors];
    KERNAD_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) a[v] = hn::Load(d, panel + i * kPanelColumns + v * kLanes);
    KERNAD_UNROLL
    for (std::size_t r = 0; r < kRows; ++r) {
      const V x = hn::Set(d, centred[r * inputs + i]);
      KERNAD_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) acc[r][v] = hn::MulAdd(x, a[v], acc[r][v]);
    }
  }
  KERNAD_UNROLL
  for (std::size_t r = 0; r < kRows; ++r) {
    KERNAD_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(acc[r][v], d, out + r * out_stride + v * kLanes);
  }
}

template <std::size_t kRows>
HWY_INLINE void ProjectPanel(const double* HWY_RESTRICT centred, const double* HWY_RESTRICT panel, std::size_t inputs,
                             double* HWY_RESTRICT out, std::size_t out_stride) {
  const hn::CappedTag<double, kPanelColumns / kProjectVectors> d;
  constexpr std::size_t kColumns = kProjectVectors * MaxLanes(d);
  for (std::size_t c = 0; c < kPanelColumns; c += kColumns) {
    ProjectColumns<kRows>(centred, panel + c, inputs, out + c, out_stride);
  }
}

template <typename T>
void Project(const T* x, std::size_t row_stride, std::size_t rows, const double* mean, const double* panels,
             std::size_t inputs, std::size_t outputs, double* out, double* scratch) {
  const std::size_t padded = round_up(outputs, kPanelColumns);
  for (std::size_t first = 0; first < rows; first += kProjectScratchRows) {
    const std::size_t n = std::min(kProjectScratchRows, rows - first);
    for (std::size_t r = 0; r < n; ++r) {
      const T* row = x + (first + r) * row_stride;
      for (std::size_t i = 0; i < inputs; ++i) scratch[r * inputs + i] = static_cast<double>(row[i]) - mean[i];
    }
    for (std::size_t p = 0; p < padded; p += kPanelColumns) {
      const double* panel = panels + p * inputs;
      double* target = out + first * padded + p;
      if (n == kProjectScratchRows) {
        ProjectPanel<kProjectScratchRows>(scratch, panel, inputs, target, padded);
      } else {
        for (std::size_t r = 0; r < n; ++r) {
          ProjectPanel<1>(scratch + r * inputs, panel, inputs, target + r * padded, padded);
        }
      }
    }
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace kernad::kernels
HWY_AFTER_NAMESPACE();

#endif  // KERNAD_KERNELS_PROJECT_INL_H_
