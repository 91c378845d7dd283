// How matrices lie in memory for the kernels. Plain C++: packing happens once, at fit or load.
#pragma once

#include <cstddef>

#include "kernad/matrix.hpp"
#include "kernels/aligned.hpp"

namespace kernad::kernels {

/// References a tile: one AVX-512 register of float, and a whole number of registers of every narrower target.
inline constexpr std::size_t kTileRows = 16;
/// Outputs a projection panel: a whole number of double registers of every target.
inline constexpr std::size_t kPanelColumns = 16;

constexpr std::size_t round_up(std::size_t n, std::size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

/// N x k float32 references, tile after tile; inside a tile dimension after dimension, 16 references side by side, so
/// that one register holds the same coordinate of 16 references. The last tile is filled up with zeros.
struct PackedReferences {
  std::size_t count = 0;      ///< N
  std::size_t dimension = 0;  ///< k
  AlignedVector<float> values;

  [[nodiscard]] std::size_t tiles() const { return round_up(count, kTileRows) / kTileRows; }
  [[nodiscard]] const float* tile(std::size_t t) const { return values.data() + t * kTileRows * dimension; }
};

[[nodiscard]] PackedReferences pack_references(MatrixView<float> rows);
[[nodiscard]] Matrix<float> unpack_references(const PackedReferences& references);

/// The map x -> (x - mean) A of D inputs to k outputs, in double. A lies in panels of 16 columns, each D x 16, the last
/// one filled up with zeros: a panel stays in the cache while many rows pass by.
struct Projection {
  std::size_t inputs = 0;   ///< D
  std::size_t outputs = 0;  ///< k
  AlignedVector<double> mean;
  AlignedVector<double> panels;

  [[nodiscard]] std::size_t padded_outputs() const { return round_up(outputs, kPanelColumns); }
};

/// mean: D; matrix: D x k.
[[nodiscard]] Projection pack_projection(std::span<const double> mean, MatrixView<double> matrix);

}  // namespace kernad::kernels
