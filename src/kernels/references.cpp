#include "kernels/references.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "kernels/kernels.hpp"

namespace kernad::kernels {

namespace {

/// The slots of one tile, 16 values of a column at a time.
void pack_tile(MatrixView<float> rows, std::span<const Reference> slots, std::size_t tile, PackedReferences& packed) {
  const std::vector<float> nothing(rows.cols());
  const auto is_empty = [&](std::size_t i) { return i >= slots.size() || slots[i].row == Reference::kNone; };
  std::array<const float*, kTileRows> from{};
  std::array<double, kTileRows> squares{};
  for (std::size_t lane = 0; lane < kTileRows; ++lane) {
    const std::size_t i = tile * kTileRows + lane;
    from[lane] = is_empty(i) ? nothing.data() : rows.row(slots[i].row).data();
  }
  float* out = packed.values.data() + tile * kTileRows * rows.cols();
  for (std::size_t d = 0; d < rows.cols(); ++d, out += kTileRows) {
    for (std::size_t lane = 0; lane < kTileRows; ++lane) out[lane] = from[lane][d];
    for (std::size_t lane = 0; lane < kTileRows; ++lane) {
      squares[lane] += static_cast<double>(out[lane]) * static_cast<double>(out[lane]);
    }
  }
  for (std::size_t lane = 0; lane < kTileRows; ++lane) {
    const std::size_t i = tile * kTileRows + lane;
    if (is_empty(i)) continue;
    const double weight = std::log2(static_cast<double>(slots[i].count));
    packed.expanded_bias[i] =
        static_cast<float>(std::max(weight - 0.5 * std::numbers::log2e * squares[lane], double{kPadding}));
    packed.difference_bias[i] = static_cast<float>(weight);
    packed.max_length = std::max(packed.max_length, std::sqrt(squares[lane]));
  }
}

}  // namespace

PackedReferences pack_references(MatrixView<float> rows) {
  std::vector<Reference> slots(rows.rows());
  for (std::size_t i = 0; i < slots.size(); ++i) slots[i] = {static_cast<std::uint32_t>(i), 1.0F};
  return pack_references(rows, slots);
}

PackedReferences pack_references(MatrixView<float> rows, std::span<const Reference> slots) {
  const std::size_t padded = round_up(slots.size(), kTileRows);
  PackedReferences packed;
  packed.tiles = padded / kTileRows;
  packed.dimension = rows.cols();
  packed.values.resize(padded * rows.cols());
  packed.expanded_bias.assign(padded, kPadding);
  packed.difference_bias.assign(padded, kPadding);
  for (std::size_t tile = 0; tile < packed.tiles; ++tile) pack_tile(rows, slots, tile, packed);
  return packed;
}

void unpack_reference(const PackedReferences& references, std::size_t slot, float* out) {
  const float* lane = references.tile(slot / kTileRows) + slot % kTileRows;
  for (std::size_t d = 0; d < references.dimension; ++d) out[d] = lane[d * kTileRows];
}

}  // namespace kernad::kernels
