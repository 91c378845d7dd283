#include "kernels/references.hpp"

namespace kernad::kernels {

PackedReferences pack_references(MatrixView<float> rows) {
  PackedReferences packed{rows.rows(), rows.cols(), {}};
  packed.values.resize(round_up(rows.rows(), kTileRows) * rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    float* lane = packed.values.data() + i / kTileRows * kTileRows * rows.cols() + i % kTileRows;
    const auto row = rows.row(i);
    for (std::size_t d = 0; d < row.size(); ++d) lane[d * kTileRows] = row[d];
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
