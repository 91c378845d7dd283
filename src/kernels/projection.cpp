#include "kernels/projection.hpp"

#include <cassert>

namespace kernad::kernels {

Projection::Projection(std::span<const double> mean, MatrixView<double> matrix)
    : inputs_(matrix.rows()), outputs_(matrix.cols()), mean_(mean.begin(), mean.end()) {
  assert(mean.size() == matrix.rows());
  panels_.resize(output_stride() * inputs_);
  for (std::size_t d = 0; d < inputs_; ++d) {
    const auto row = matrix.row(d);
    for (std::size_t j = 0; j < row.size(); ++j) {
      panels_[(j / kPanelColumns * inputs_ + d) * kPanelColumns + j % kPanelColumns] = row[j];
    }
  }
}

void Projection::apply(const KernelTable& kernels, MatrixView<float> rows, double* out, double* scratch) const {
  assert(rows.cols() == inputs_);
  kernels.project_f32(rows.data(), rows.row_stride(), rows.rows(), mean_.data(), panels_.data(), inputs_, outputs_, out,
                      scratch);
}

void Projection::apply(const KernelTable& kernels, MatrixView<double> rows, double* out, double* scratch) const {
  assert(rows.cols() == inputs_);
  kernels.project_f64(rows.data(), rows.row_stride(), rows.rows(), mean_.data(), panels_.data(), inputs_, outputs_, out,
                      scratch);
}

}  // namespace kernad::kernels
