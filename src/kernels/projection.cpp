#include "kernels/projection.hpp"

#include <algorithm>
#include <cassert>

namespace kernad::kernels {
namespace {

bool is_diagonal(MatrixView<double> matrix) {
  if (matrix.rows() != matrix.cols()) return false;
  for (std::size_t d = 0; d < matrix.rows(); ++d) {
    const auto row = matrix.row(d);
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (j != d && row[j] != 0) return false;
    }
  }
  return true;
}

/// The sum over all inputs when all products but one are 0; it starts at +0.
template <typename T>
void scale(MatrixView<T> rows, const AlignedVector<double>& mean, const AlignedVector<double>& diagonal,
           std::size_t stride, double* out) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const T* row = rows.row(i).data();
    double* target = out + i * stride;
    for (std::size_t j = 0; j < diagonal.size(); ++j) {
      target[j] = (static_cast<double>(row[j]) - mean[j]) * diagonal[j] + 0.0;
    }
    std::fill(target + diagonal.size(), target + stride, 0.0);
  }
}

}  // namespace

Projection::Projection(std::span<const double> mean, MatrixView<double> matrix)
    : inputs_(matrix.rows()), outputs_(matrix.cols()), mean_(mean.begin(), mean.end()) {
  assert(mean.size() == matrix.rows());
  if (is_diagonal(matrix)) {
    for (std::size_t j = 0; j < outputs_; ++j) diagonal_.push_back(matrix.row(j)[j]);
    return;
  }
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
  if (!diagonal_.empty()) return scale(rows, mean_, diagonal_, output_stride(), out);
  kernels.project_f32(rows.data(), rows.row_stride(), rows.rows(), mean_.data(), panels_.data(), inputs_, outputs_, out,
                      scratch);
}

void Projection::apply(const KernelTable& kernels, MatrixView<double> rows, double* out, double* scratch) const {
  assert(rows.cols() == inputs_);
  if (!diagonal_.empty()) return scale(rows, mean_, diagonal_, output_stride(), out);
  kernels.project_f64(rows.data(), rows.row_stride(), rows.rows(), mean_.data(), panels_.data(), inputs_, outputs_, out,
                      scratch);
}

}  // namespace kernad::kernels
