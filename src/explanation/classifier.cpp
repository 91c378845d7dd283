// KDEClassifier::explain: one row through the pipeline, and the deviation that is found at its end all the way back.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "explanation/contributions.hpp"
#include "explanation/kernel_mean.hpp"
#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "model/model_state.hpp"
#include "model/pipeline_scorer.hpp"
#include "scaling/scaling.hpp"

namespace kernad {
namespace {

/// A row at each stage.
struct Stages {
  std::vector<double> projected;  ///< k: after PCA
  std::vector<double> features;   ///< k: scaled
  double divisor;                 ///< projected / features
  std::vector<double> whitened;   ///< r
};

/// What a stage (a kernels::Projection, or the PCA) makes of one row.
template <typename T, typename Stage>
std::vector<double> apply(const Stage& stage, const kernels::Projection& shape, std::span<const T> row) {
  kernels::AlignedVector<double> out(shape.output_stride());
  kernels::AlignedVector<double> scratch(shape.scratch_size());
  stage.apply(kernels::active(), MatrixView<T>(row.data(), 1, row.size()), out.data(), scratch.data());
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(shape.outputs())};
}

/// The columns among which the principal axes are orthonormal: those of the embeddings, or of standardised rows.
class Columns {
 public:
  Columns(const model::State& state, std::span<const float> row, std::span<const double> projected)
      : scale_(state.pca.mean.size(), 1.0), axes_(state.pca.singular_vectors), centred_(row.begin(), row.end()) {
    if (!state.pca.column_scale.empty()) scale_ = state.pca.column_scale;
    for (std::size_t d = 0; d < scale_.size(); ++d) {
      for (double& x : axes_.row(d)) x /= scale_[d];
      centred_[d] = (centred_[d] - state.pca.mean[d]) * scale_[d];
    }
    if (state.pca.residual_dimensions != 0) add_residual_axis(projected);
  }

  [[nodiscard]] const Matrix<double>& axes() const { return axes_; }             ///< D x k
  [[nodiscard]] const std::vector<double>& scale() const { return scale_; }      ///< D
  [[nodiscard]] const std::vector<double>& centred() const { return centred_; }  ///< D: the row

 private:
  /// Where features end with the length of what the axes leave out, that points, for this row, along what they leave
  /// out.
  void add_residual_axis(std::span<const double> projected) {
    const auto seen = explanation::multiply(axes_, projected.first(axes_.cols()));
    std::vector<double> residual = centred_;
    for (std::size_t d = 0; d < residual.size(); ++d) residual[d] -= seen[d];
    const double length = explanation::length(residual);
    Matrix<double> with_residual(axes_.rows(), axes_.cols() + 1);
    for (std::size_t d = 0; d < axes_.rows(); ++d) {
      std::copy_n(axes_.row(d).data(), axes_.cols(), with_residual.row(d).data());
      with_residual(d, axes_.cols()) = length > 0 ? residual[d] / length : 0;
    }
    axes_ = std::move(with_residual);
  }

  std::vector<double> scale_;
  Matrix<double> axes_;
  std::vector<double> centred_;
};

Stages run_pipeline(const model::State& state, FeatureScalingMethod method, std::span<const float> row) {
  Stages stages;
  stages.projected = apply(state.pca, state.pca.projection, row);
  stages.features = stages.projected;
  const std::size_t k = stages.features.size();
  scaling::scale_rows(method, state.max_length, stages.features.data(), 1, k, k);
  stages.divisor = method == FeatureScalingMethod::scale ? state.max_length : explanation::length(stages.projected);
  stages.whitened = apply<double>(state.kde.whitening, state.kde.whitening, stages.features);
  return stages;
}

/// Components, columns and their expected values. Works on the deviation's direction, which keeps far rows in range.
void attribute(const model::State& state, const Stages& stages, const Columns& columns,
               const explanation::WhiteningInverse& inverse, std::vector<double> deviation, std::span<const float> row,
               Explanation& result) {
  result.deviation = explanation::length(deviation);
  if (result.deviation > 0) {
    for (double& x : deviation) x /= result.deviation;
  }
  const auto residual = inverse.unwhiten(deviation);                             // k: the same among the features
  const auto slope = explanation::multiply(state.kde.bw_transform, deviation);   // k: what the density makes of it
  const auto column_residual = explanation::multiply(columns.axes(), residual);  // D
  const auto column_slope = explanation::multiply(columns.axes(), slope);        // D
  result.components = explanation::products(residual, slope);
  const auto shares = explanation::products(column_residual, column_slope);
  for (std::size_t d = 0; d < shares.size(); ++d) {
    const double moved = column_residual[d] / columns.scale()[d] * result.deviation * stages.divisor;
    result.columns.push_back({row[d], double{row[d]} - moved, shares[d]});
  }
}

/// The share of |row - mean|^2, of standardised rows where the model standardises, outside the directions that PCA and
/// density keep.
double unseen_share(const model::State& state, const Stages& stages, const Columns& columns,
                    const explanation::WhiteningInverse& inverse) {
  std::vector<double> kept = stages.features;
  for (std::size_t j = 0; j < kept.size(); ++j) kept[j] -= state.kde.mean[j];
  const auto null = inverse.null_part(kept);
  for (std::size_t j = 0; j < kept.size(); ++j) kept[j] = stages.projected[j] - stages.divisor * null[j];
  const auto seen = explanation::multiply(columns.axes(), kept);
  std::vector<double> centred = columns.centred();
  const double whole = explanation::length(centred);
  if (whole == 0) return 0;
  for (std::size_t d = 0; d < centred.size(); ++d) centred[d] -= seen[d];
  const double share = explanation::length(centred) / whole;
  return std::min(1.0, share * share);
}

/// The pipeline that decides the row's log-density, and its number in Explanation::decided_by.
std::pair<const model::State*, std::size_t> deciding(const model::State& state, FeatureScalingMethod method,
                                                     EmbeddingsView row, double log_density) {
  if (!state.committee) return {&state, 0};
  const auto& committee = *state.committee;
  double second = 0;
  model::PipelineScorer({&committee.second, method}, 1).score(row, 0, row, &second, nullptr);
  const double rarity = committee.second_tail.rarity(second);
  const bool second_decides =
      rarity > committee.second_tail.least() && log_density >= committee.first_tail.log_density(rarity);
  return second_decides ? std::pair(&committee.second, std::size_t{2}) : std::pair(&state, std::size_t{1});
}

}  // namespace

Explanation KDEClassifier::explain(EmbeddingsView row, std::size_t nearest) const {
  if (row.rows() != 1) throw InvalidInput(fmt::format("there are {} rows to explain; one is needed", row.rows()));
  const auto log_density = compute_kde_scores(row, true);  // checks the row
  const auto [decides, number] = deciding(*state_, options_.feature_scaling_method, row, log_density[0]);
  const auto& state = *decides;
  Explanation result;
  result.decided_by = number;
  result.log_density = log_density[0];
  result.probability = compute_probabilities(log_density)[0];
  if (is_calibrated()) result.p_value = calibration().p_values(log_density)[0];

  const Stages stages = run_pipeline(state, options_.feature_scaling_method, row.row(0));
  const Columns columns(state, row.row(0), stages.projected);
  const explanation::WhiteningInverse inverse(state.kde.bw_transform);
  auto [neighbours, deviation] = explanation::kernel_mean(stages.whitened, kde::whitened_rows(state.kde.references),
                                                          state.kde.references.adaptive, nearest);
  result.neighbours = std::move(neighbours);
  attribute(state, stages, columns, inverse, std::move(deviation), row.row(0), result);
  result.unseen = unseen_share(state, stages, columns, inverse);
  return result;
}

}  // namespace kernad
