#include "model/precision.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/projection.hpp"
#include "scaling/scaling.hpp"

namespace kernad::model {
namespace {

constexpr std::size_t kMaxRows = 256;
/// From an ordinary query to the training rows that decide its density, in widths of their kernels.
constexpr double kQueryDistance = 4;
constexpr double kPromise = 1e-4;
/// Outliers, glitches and sparse tails, near which no verdict depends on the fourth digit.
constexpr double kIgnoredShare = 0.1;

kernels::AlignedVector<double> whitened(const Pipeline& pipeline, MatrixView<double> rows) {
  const auto& kernels = kernels::active();
  const auto& projection = pipeline.pca.projection;
  const auto& whitening = pipeline.kde.whitening;
  kernels::AlignedVector<double> scratch(std::max(projection.scratch_size(), whitening.scratch_size()));
  kernels::AlignedVector<double> features(rows.rows() * projection.output_stride());
  projection.apply(kernels, rows, features.data(), scratch.data());
  scaling::scale_rows(pipeline.scaling, pipeline.max_length, features.data(), rows.rows(), projection.outputs(),
                      projection.output_stride());
  kernels::AlignedVector<double> out(rows.rows() * whitening.output_stride());
  whitening.apply(kernels,
                  MatrixView<double>(features.data(), rows.rows(), projection.outputs(), projection.output_stride()),
                  out.data(), scratch.data());
  return out;
}

/// Of individual widths; 1 if all kernels are alike.
double median_factor(std::vector<double> factors) {
  if (factors.empty()) return 1;
  const auto middle = factors.begin() + static_cast<std::ptrdiff_t>(factors.size() / 2);
  std::ranges::nth_element(factors, middle);
  return *middle;
}

/// How far each row moves, in widths of the kernels, when it is rounded as the pipeline rounds.
std::vector<double> displacements(const Pipeline& pipeline, const Matrix<double>& exact,
                                  const Matrix<double>& rounded) {
  const auto wanted = whitened(pipeline, exact.view());
  const auto placed = whitened(pipeline, rounded.view());
  const auto& references = pipeline.kde.references;
  const bool in_double = !references.exact.empty();
  const double width = median_factor(references.adaptive.factors);
  const std::size_t stride = pipeline.kde.whitening.output_stride();
  std::vector<double> result(exact.rows());
  for (std::size_t i = 0; i < result.size(); ++i) {
    double square = 0;
    for (std::size_t j = i * stride; j < (i + 1) * stride; ++j) {
      const double kept = in_double ? placed[j] : static_cast<double>(static_cast<float>(placed[j]));
      square += (kept - wanted[j]) * (kept - wanted[j]);
    }
    result[i] = std::sqrt(square) / width;
  }
  return result;
}

}  // namespace

template <typename T>
Matrix<double> some_rows(MatrixView<T> rows, std::span<const std::size_t> selected) {
  Matrix<double> result(std::min(kMaxRows, selected.size()), rows.cols());
  for (std::size_t i = 0; i < result.rows(); ++i) {
    std::ranges::copy(rows.row(selected[i * selected.size() / result.rows()]), result.row(i).begin());
  }
  return result;
}

template Matrix<double> some_rows(MatrixView<float>, std::span<const std::size_t>);
template Matrix<double> some_rows(MatrixView<double>, std::span<const std::size_t>);

void note_precision(Matrix<double> rows, Model& model) {
  Matrix<double> rounded(rows.rows(), rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < rows.cols(); ++j) {
      if (!model.shift.empty()) rows(i, j) -= model.shift[j];
      rounded(i, j) = static_cast<double>(static_cast<float>(rows(i, j)));
    }
  }
  std::vector<double> worst(rows.rows());
  for (const Member& member : model.members) {
    const auto moved = displacements(*member.pipeline, rows, rounded);
    for (std::size_t i = 0; i < worst.size(); ++i) worst[i] = std::max(worst[i], kQueryDistance * moved[i]);
  }
  const auto beyond = static_cast<double>(std::ranges::count_if(worst, [](double x) { return x > kPromise; }));
  const double share = beyond / static_cast<double>(worst.size());
  if (share <= kIgnoredShare) return;
  model.report.notes.push_back(
      {NoteCode::limited_precision,
       fmt::format(
           "near {:.0f} % of the training rows, log-densities can be off by about {:.1g} nats: float32 does not "
           "hold the last digits of rows that lie so many bandwidths apart; a model for each group of rows does, "
           "or a wider bandwidth",
           100 * share, *std::ranges::max_element(worst))});
}

}  // namespace kernad::model
