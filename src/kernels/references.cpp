#include "kernels/references.hpp"

#include <algorithm>
#include <numbers>

#include "kernels/kernels.hpp"

namespace kernad::kernels {

PackedReferences pack_references(MatrixView<float> rows) {
  const std::size_t padded = round_up(rows.rows(), kTileRows);
  PackedReferences packed;
  packed.count = rows.rows();
  packed.dimension = rows.cols();
  packed.values.resize(padded * rows.cols());
  packed.expanded_bias.assign(padded, kPadding);
  packed.difference_bias.assign(padded, kPadding);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    float* lane = packed.values.data() + i / kTileRows * kTileRows * rows.cols() + i % kTileRows;
    const auto row = rows.row(i);
    double square = 0;
    for (std::size_t d = 0; d < row.size(); ++d) {
      lane[d * kTileRows] = row[d];
      square += static_cast<double>(row[d]) * static_cast<double>(row[d]);
    }
    packed.expanded_bias[i] = static_cast<float>(std::max(-0.5 * std::numbers::log2e * square, double{kPadding}));
    packed.difference_bias[i] = 0;
  }
  return packed;
}

Matrix<float> unpack_references(const PackedReferences& references) {
  Matrix<float> rows(references.count, references.dimension);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const float* lane = references.tile(i / kTileRows) + i % kTileRows;
    for (std::size_t d = 0; d < rows.cols(); ++d) rows(i, d) = lane[d * kTileRows];
  }
  return rows;
}

}  // namespace kernad::kernels
