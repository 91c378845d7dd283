#include "kernels/layout.hpp"

#include <algorithm>
#include <cassert>

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

Projection pack_projection(std::span<const double> mean, MatrixView<double> matrix) {
  assert(mean.size() == matrix.rows());
  Projection packed{matrix.rows(), matrix.cols(), {mean.begin(), mean.end()}, {}};
  packed.panels.resize(packed.padded_outputs() * packed.inputs);
  for (std::size_t d = 0; d < packed.inputs; ++d) {
    const auto row = matrix.row(d);
    for (std::size_t j = 0; j < row.size(); ++j) {
      packed.panels[(j / kPanelColumns * packed.inputs + d) * kPanelColumns + j % kPanelColumns] = row[j];
    }
  }
  return packed;
}

}  // namespace kernad::kernels
