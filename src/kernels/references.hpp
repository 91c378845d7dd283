// The memory layout of the reference points for the scoring kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "kernad/matrix.hpp"
#include "kernels/aligned.hpp"

namespace kernad::kernels {

/// References per tile: one AVX-512 register of float, and a whole number of registers on every narrower target.
inline constexpr std::size_t kTileRows = 16;

constexpr std::size_t round_up(std::size_t n, std::size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

/// What a slot of a tile holds: a row and how much it counts, or nothing.
struct Reference {
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t row = kNone;
  float count = 0;  ///< 6e-8 is nothing to a log-density
};

/// float32 references of dimension k, tile by tile and within a tile dimension by dimension, 16 references side by
/// side, so that one register holds the same coordinate of 16 references. Empty slots hold zeros.
struct PackedReferences {
  std::size_t tiles = 0;
  std::size_t dimension = 0;  ///< k
  AlignedVector<float> values;
  /// Added to each reference's exponent, in units of log2: the log2 of its count (difference_bias), and that minus
  /// log2(e) / 2 |r|^2 (expanded_bias); kPadding in empty slots.
  AlignedVector<float> expanded_bias;
  AlignedVector<float> difference_bias;
  double max_length = 0;  ///< of the references

  [[nodiscard]] const float* tile(std::size_t t) const { return values.data() + t * kTileRows * dimension; }
};

/// Every row once, in order.
[[nodiscard]] PackedReferences pack_references(MatrixView<float> rows);
/// The rows of `rows` that `slots` name, in order.
[[nodiscard]] PackedReferences pack_references(MatrixView<float> rows, std::span<const Reference> slots);

/// Copies the reference at a slot (16 t + i is slot i of tile t) to out[dimension].
void unpack_reference(const PackedReferences& references, std::size_t slot, float* out);

}  // namespace kernad::kernels
