#include "kde/selected_sum.hpp"

#include <cmath>
#include <limits>
#include <numbers>

namespace kernad::kde {
namespace {

using kernels::kTileRows;

/// log2 of the maximum share of a sum that may be left unselected.
constexpr double kLog2NotSelected = -18;
/// Above these shares of the panels and of the references, another pass over all of them costs less.
constexpr double kMaxPanels = 0.4;
constexpr std::size_t kReferencesATerm = 128;
constexpr std::size_t kMinTerms = 64;
/// The range of float32, with room for sums and for the smaller padding.
constexpr double kMaxRanked = 1e36;
constexpr double kUnit = 0x1p-24;

}  // namespace

SelectedSum::SelectedSum(const ReferenceSet& references)
    : set_(references),
      max_terms_(kMinTerms + references.packed.tiles * kTileRows / kReferencesATerm),
      values_(references.packed.dimension),
      exponents_(kChunkTiles * kTileRows) {
  terms_.reserve(max_terms_);
}

bool SelectedSum::can_rank(double square) const {
  const double reach = std::sqrt(square) + set_.packed.max_length;
  if (set_.adaptive.factors.empty()) {
    return set_.packed.max_length * reach < kMaxRanked && reach < kMaxRanked;
  }
  const auto& own = set_.adaptive_kernels;
  return std::max(own.max_scale, 1.0) * reach * reach < kMaxRanked && own.max_bias < kMaxRanked;
}

/// Maximum error, in units of log2, of the float32 exponent of a reference that matters, when `max` is the largest
/// exponent.
double SelectedSum::exponent_error(const Query& query, double max) const {
  const auto k = static_cast<double>(set_.packed.dimension);
  const double length = std::sqrt(query.square);
  const double longest = set_.packed.max_length;
  constexpr double kWeight = 32;  // the largest log2 of a count
  if (query.form == Form::expanded) {
    return kUnit * (k + 6) * (std::numbers::log2e * (length * longest + longest * longest) + kWeight);
  }
  const auto& own = set_.adaptive_kernels;
  const double loss = own.max_bias - max + 64;  // scale |q - r|^2, down to the lowest exponent that may be selected
  const double near = length < 2 * longest ? 4 * longest * std::sqrt(own.max_scale * loss) : 0;
  return 2 * kUnit * ((k + 10) * loss + near + own.max_bias);
}

std::optional<double> SelectedSum::score(const kernels::KernelTable& kernels, const Panels& panels, const Query& query,
                                         const float* maxima, std::size_t stride, double& out) {
  const double own = own_exponent(query.form, query.square);
  float largest = std::numeric_limits<float>::lowest();
  const auto each_panel = [&](const auto& visit) {
    for (std::size_t chunk = 0; chunk < panels.chunks(); ++chunk) panels.for_each(chunk, visit);
  };
  std::size_t count = 0;
  each_panel([&](std::size_t panel, std::size_t, std::size_t) {
    largest = std::max(largest, maxima[panel * stride]);
    ++count;
  });
  const double max = static_cast<double>(largest);
  const double slots = static_cast<double>(set_.packed.tiles * kTileRows);
  const double threshold = max - (std::log2(slots) - kLog2NotSelected) - 2 * exponent_error(query, max + own);
  std::size_t matter = 0;
  each_panel([&](std::size_t panel, std::size_t, std::size_t) {
    matter += static_cast<double>(maxima[panel * stride]) >= threshold ? 1 : 0;
  });
  if (static_cast<double>(matter) > std::max(1.0, kMaxPanels * static_cast<double>(count))) return max + own;
  terms_.clear();
  for (std::size_t d = 0; d < values_.size(); ++d) {
    values_[d] = static_cast<float>(coordinate_scale(query.form) * query.values[d]);
  }
  bool few = true;
  each_panel([&](std::size_t panel, std::size_t first, std::size_t tiles) {
    if (few && static_cast<double>(maxima[panel * stride]) >= threshold) {
      few = collect(kernels, query, first, tiles, threshold);
    }
  });
  if (!few) return max + own;
  const double top = *std::max_element(terms_.begin(), terms_.end());
  double sum = 0;
  for (const double term : terms_) sum += std::exp2(term - top);
  out = (top + std::log2(sum)) * std::numbers::ln2;
  return std::nullopt;
}

/// Appends the exact exponents of a panel's references at or above the threshold to terms_. False when there are too
/// many.
bool SelectedSum::collect(const kernels::KernelTable& kernels, const Query& query, std::size_t first, std::size_t count,
                          double threshold) {
  const float none = 0;
  fused_kernels(kernels, query.form)
      .exponents({values_.data(), &none, exponents_.data(), 1}, fused_tiles(set_, query.form, first, count));
  for (std::size_t i = 0; i < count * kTileRows; ++i) {
    if (!(static_cast<double>(exponents_[i]) >= threshold)) continue;
    if (terms_.size() == max_terms_) return false;
    terms_.push_back(exponent(query.values, first * kTileRows + i));
  }
  return true;
}

double SelectedSum::exponent(const double* query, std::size_t slot) const {
  const std::size_t dimension = set_.packed.dimension;
  const float* lane = set_.packed.tile(slot / kTileRows) + slot % kTileRows;
  double square = 0;
  for (std::size_t d = 0; d < dimension; ++d) {
    const double difference = query[d] - static_cast<double>(lane[d * kTileRows]);
    square += difference * difference;
  }
  if (set_.adaptive.factors.empty()) {
    return static_cast<double>(set_.packed.difference_bias[slot]) - 0.5 * std::numbers::log2e * square;
  }
  return set_.adaptive_kernels.bias[slot] - set_.adaptive_kernels.scale[slot] * square;
}

}  // namespace kernad::kde
