// How the reference points lie in memory for the scoring kernels.
#pragma once

#include <cstddef>

#include "kernad/matrix.hpp"
#include "kernels/aligned.hpp"

namespace kernad::kernels {

/// References a tile: one AVX-512 register of float, and a whole number of registers of every narrower target.
inline constexpr std::size_t kTileRows = 16;

constexpr std::size_t round_up(std::size_t n, std::size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

/// N x k float32 references, tile after tile; inside a tile dimension after dimension, 16 references side by side, so
/// that one register holds the same coordinate of 16 references. The last tile is filled up with zeros.
struct PackedReferences {
  std::size_t count = 0;      ///< N
  std::size_t dimension = 0;  ///< k
  AlignedVector<float> values;
  /// What the exponent of each reference gets, in units of log2: -log2(e) / 2 |r|^2 for sum_expanded, 0 for
  /// sum_difference, and kPadding for what fills up the last tile.
  AlignedVector<float> expanded_bias;
  AlignedVector<float> difference_bias;

  [[nodiscard]] const float* tile(std::size_t t) const { return values.data() + t * kTileRows * dimension; }
};

[[nodiscard]] PackedReferences pack_references(MatrixView<float> rows);
[[nodiscard]] Matrix<float> unpack_references(const PackedReferences& references);

}  // namespace kernad::kernels
