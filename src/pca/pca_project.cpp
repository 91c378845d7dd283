// From rows to features: the principal components and, if asked for, the length of what they leave out.
#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "parallel/parallel_for.hpp"
#include "pca/pca_state.hpp"

namespace kernad::pca {
namespace {

/// |(row - mean) * column_scale|^2, in four independent sums.
double squared_length(const State& state, std::span<const float> row) {
  std::array<double, 4> sums{};
  for (std::size_t d = 0; d < row.size(); ++d) {
    const double scale = state.column_scale.empty() ? 1 : state.column_scale[d];
    const double x = (static_cast<double>(row[d]) - state.mean[d]) * scale;
    sums[d % 4] += x * x;
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

kernels::Projection make_projection(const State& state) {
  if (state.residual_dimensions == 0) return {state.mean, state.singular_vectors};
  const auto& vectors = state.singular_vectors;
  Matrix<double> with_zero(vectors.rows(), vectors.cols() + 1);
  for (std::size_t d = 0; d < vectors.rows(); ++d) {
    std::copy_n(vectors.row(d).data(), vectors.cols(), with_zero.row(d).data());
  }
  return {state.mean, with_zero};
}

void State::apply(const kernels::KernelTable& kernels, MatrixView<float> rows, double* out, double* scratch) const {
  projection.apply(kernels, rows, out, scratch);
  if (residual_dimensions == 0) return;
  const std::size_t components = singular_vectors.cols();
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    double* features = out + i * projection.output_stride();
    double outside = squared_length(*this, rows.row(i));
    for (std::size_t k = 0; k < components; ++k) outside -= features[k] * features[k];
    features[components] = std::sqrt(std::max(0.0, outside));
  }
}

Matrix<double> project(const State& state, const linalg::Rows<float>& rows, int threads) {
  const auto& projection = state.projection;
  const auto& kernels = kernels::active();
  Matrix<double> projected(rows.rows(), projection.outputs());
  constexpr std::size_t kBlockRows = 32;  // gathered in one place: the kernel takes several rows at a time
  const std::size_t blocks = (rows.rows() + kBlockRows - 1) / kBlockRows;
  struct Scratch {
    Embeddings gathered;
    kernels::AlignedVector<double> out;
    kernels::AlignedVector<double> centred;
  };
  std::vector<Scratch> scratch(std::min(blocks, static_cast<std::size_t>(std::max(1, threads))));
  parallel::parallel_for(blocks, threads, [&](std::size_t block, std::size_t worker) {
    auto& [gathered, out, centred] = scratch[worker];
    if (gathered.empty()) {
      gathered = Embeddings(kBlockRows, rows.cols());
      out.resize(kBlockRows * projection.output_stride());
      centred.resize(projection.scratch_size());
    }
    const std::size_t first = block * kBlockRows;
    const std::size_t n = std::min(rows.rows() - first, kBlockRows);
    for (std::size_t i = 0; i < n; ++i) std::copy_n(rows.row(first + i).data(), rows.cols(), gathered.row(i).data());
    state.apply(kernels, gathered.view().middle_rows(0, n), out.data(), centred.data());
    for (std::size_t i = 0; i < n; ++i) {
      std::copy_n(out.data() + i * projection.output_stride(), projection.outputs(), projected.row(first + i).data());
    }
  });
  return projected;
}

}  // namespace kernad::pca
