#include "kernels/references.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "kernels/kernels.hpp"

namespace kernad::kernels {

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
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].row == Reference::kNone) continue;
    float* lane = packed.values.data() + i / kTileRows * kTileRows * rows.cols() + i % kTileRows;
    const auto row = rows.row(slots[i].row);
    double square = 0;
    for (std::size_t d = 0; d < row.size(); ++d) {
      lane[d * kTileRows] = row[d];
      square += static_cast<double>(row[d]) * static_cast<double>(row[d]);
    }
    const double weight = std::log2(static_cast<double>(slots[i].count));
    packed.expanded_bias[i] =
        static_cast<float>(std::max(weight - 0.5 * std::numbers::log2e * square, double{kPadding}));
    packed.difference_bias[i] = static_cast<float>(weight);
    packed.max_length = std::max(packed.max_length, std::sqrt(square));
  }
  return packed;
}

void unpack_reference(const PackedReferences& references, std::size_t slot, float* out) {
  const float* lane = references.tile(slot / kTileRows) + slot % kTileRows;
  for (std::size_t d = 0; d < references.dimension; ++d) out[d] = lane[d * kTileRows];
}

}  // namespace kernad::kernels
