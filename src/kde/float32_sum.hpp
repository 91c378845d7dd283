// Properties of a query that decide how its exponentials are summed in float32. The bounds behind the constants are
// derived in docs/numerics.md, "Scoring".
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

#include "kde/reference_set.hpp"
#include "kernels/kernels.hpp"
#include "kernels/references.hpp"

namespace kernad::kde {

/// How |q - r|^2 is computed: |q|^2 + |r|^2 - 2 q.r, the sum of (q - r)^2, the same times each reference's own scale,
/// or in double.
enum class Form : std::uint8_t { expanded, difference, adaptive, exact };

/// Squared length up to which expanded distances are accurate for any query.
[[nodiscard]] inline double expanded_limit(std::size_t dimension) {
  constexpr double kPerDimension = 4;
  constexpr double kMin = 128;
  constexpr double kMax = 256;
  return std::clamp(kPerDimension * static_cast<double>(dimension), kMin, kMax);
}

/// The cheapest form that is accurate for a query of this squared length. Expanded distances lose about 5e-8 |q|^2 to
/// cancellation; differences lose 6e-8 |q| |q - r|, which is a small share of |q - r|^2 / 2 unless |q - r| is much
/// smaller than |q|. In few dimensions the expanded form saves nothing.
[[nodiscard]] inline Form form_for(double square, std::size_t dimension) {
  constexpr double kDifferenceLimit = 4096;
  constexpr double kDifferenceLimitPerDimension = 16;
  constexpr std::size_t kExpandedMinDimension = 5;
  if (dimension >= kExpandedMinDimension && square <= expanded_limit(dimension)) return Form::expanded;
  const double limit = std::max(kDifferenceLimit, kDifferenceLimitPerDimension * static_cast<double>(dimension));
  return square <= limit ? Form::difference : Form::exact;
}

/// Whether expanded distances, summed with a shift near the largest exponent, are accurate for a longer query, given
/// the length of the longest reference and `nearest`, a lower bound of |q - r|^2 / 2. Only q.r then cancels. It must be
/// at most five times `nearest`; differences would lose as large a share of that.
[[nodiscard]] inline bool expanded_is_right(double square, double longest, double nearest, std::size_t dimension) {
  constexpr double kUnit = 0x1p-24;
  constexpr double kTolerance = 7e-5;
  constexpr double kRelativeTolerance = 7e-7;
  const double product = std::min(std::sqrt(square) * longest, 0.5 * (square + longest * longest) - nearest);  // of q.r
  const double error = kUnit * std::sqrt(static_cast<double>(dimension)) * product;
  return dimension > 4 && product <= 5 * nearest && error <= kTolerance + kRelativeTolerance * nearest;
}

// Exponentials are summed as 2^shift exp(-|q - r|^2 / 2), so that float32 holds terms as small as 2^(-126 - shift). A
// sum below 2^-80 may have lost terms; one above has lost less than a share of 2^-46 of each. A shift of 60 cannot
// overflow and suits every query that has a reference within about 13 bandwidths.
inline constexpr double kFixedShift = 60;
inline constexpr double kSmallestSum = 0x1p-80;
/// A sum of this size or more may have overflowed.
inline constexpr double kLargestSum = 0x1p126;
/// With a larger shift, exponents could leave the kernels' range: a query that needs one is summed in double.
inline constexpr double kLargestShift = 0.5 * double{kernels::kMaxExponent};

/// At most this many tiles are summed in float32; the results are added in double.
inline constexpr std::size_t kChunkTiles = 256;

/// Maximum length of a run of queries, padding included.
inline constexpr std::size_t kMaxWidth = kernels::kMaxFusedWidth;

/// |q|^2.
[[nodiscard]] inline double squared_length(const double* query, std::size_t dimension) {
  double sum = 0;
  for (std::size_t d = 0; d < dimension; ++d) sum += query[d] * query[d];
  return sum;
}

/// A query's bias in float32, and its rounding error.
struct Bias {
  float value = 0;
  double lost = 0;
};
/// The part of expanded exponents that depends on the query alone.
[[nodiscard]] inline double own_exponent(Form form, double square) {
  return form == Form::expanded ? -0.5 * std::numbers::log2e * square : 0;
}
[[nodiscard]] inline Bias query_bias(Form form, double shift, double square) {
  const double exact = shift + own_exponent(form, square);
  const auto rounded = static_cast<float>(exact);
  return {rounded, exact - static_cast<double>(rounded)};
}

/// The factor on a query's coordinates for its form's kernel.
[[nodiscard]] inline double coordinate_scale(Form form) { return form == Form::expanded ? std::numbers::log2e : 1.0; }

/// The number of queries in the next run when `left` remain: the kernels' width while that pays, else one.
[[nodiscard]] inline std::size_t run_width(const kernels::KernelTable& kernels, std::size_t left) {
  return left >= std::min<std::size_t>(3, kernels.fused_width) ? kernels.fused_width : 1;
}

/// The kernels of a form other than `exact`.
[[nodiscard]] inline const kernels::FusedKernels& fused_kernels(const kernels::KernelTable& kernels, Form form) {
  return form == Form::expanded ? kernels.expanded : form == Form::difference ? kernels.difference : kernels.adaptive;
}

/// `count` tiles from `first` on as the kernels of a form read them.
[[nodiscard]] inline kernels::FusedTiles fused_tiles(const ReferenceSet& set, Form form, std::size_t first,
                                                     std::size_t count) {
  const auto& bias = form == Form::expanded     ? set.packed.expanded_bias
                     : form == Form::difference ? set.packed.difference_bias
                                                : set.adaptive_kernels.bias32;
  const std::size_t slot = first * kernels::kTileRows;
  const float* scale = form == Form::adaptive ? set.adaptive_kernels.scale32.data() + slot : nullptr;
  return {set.packed.tile(first), bias.data() + slot, scale, count, set.packed.dimension};
}

}  // namespace kernad::kde
