// Takes one row through a pipeline, and the deviation found at its end all the way back.
#include "explanation/explain.hpp"

#include <algorithm>
#include <cmath>

#include "explanation/contributions.hpp"
#include "explanation/kernel_mean.hpp"
#include "scaling/scaling.hpp"
#include "subspace/subspace.hpp"

namespace kernad::explanation {
namespace {

/// A row at each stage.
struct Stages {
  std::vector<double> projected;  ///< k: after PCA
  std::vector<double> features;   ///< k: scaled
  double divisor;                 ///< projected / features
  std::vector<double> whitened;   ///< r
};

/// One row after a stage (a kernels::Projection, or the PCA).
template <typename T, typename Stage>
std::vector<double> apply(const Stage& stage, const kernels::Projection& shape, std::span<const T> row) {
  kernels::AlignedVector<double> out(shape.output_stride());
  kernels::AlignedVector<double> scratch(shape.scratch_size());
  stage.apply(kernels::active(), MatrixView<T>(row.data(), 1, row.size()), out.data(), scratch.data());
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(shape.outputs())};
}

/// The columns in which the principal axes are orthonormal: those of the embeddings, or of standardised rows.
class Columns {
 public:
  Columns(const pca::State& pca, std::span<const float> row, std::span<const double> projected)
      : scale_(pca.mean.size(), 1.0), axes_(pca.singular_vectors), centred_(row.begin(), row.end()) {
    if (!pca.column_scale.empty()) scale_ = pca.column_scale;
    for (std::size_t d = 0; d < scale_.size(); ++d) {
      for (double& x : axes_.row(d)) x /= scale_[d];
      centred_[d] = (centred_[d] - pca.mean[d]) * scale_[d];
    }
    if (pca.residual_dimensions != 0) add_residual_axis(projected);
  }

  [[nodiscard]] const Matrix<double>& axes() const { return axes_; }             ///< D x k
  [[nodiscard]] const std::vector<double>& scale() const { return scale_; }      ///< D
  [[nodiscard]] const std::vector<double>& centred() const { return centred_; }  ///< D: the row

 private:
  /// If the last feature is the length of what the axes leave out, its axis, for this row, is the direction of that
  /// part.
  void add_residual_axis(std::span<const double> projected) {
    const auto seen = multiply(axes_, projected.first(axes_.cols()));
    std::vector<double> residual = centred_;
    for (std::size_t d = 0; d < residual.size(); ++d) residual[d] -= seen[d];
    const double outside = length(residual);
    Matrix<double> with_residual(axes_.rows(), axes_.cols() + 1);
    for (std::size_t d = 0; d < axes_.rows(); ++d) {
      std::copy_n(axes_.row(d).data(), axes_.cols(), with_residual.row(d).data());
      with_residual(d, axes_.cols()) = outside > 0 ? residual[d] / outside : 0;
    }
    axes_ = std::move(with_residual);
  }

  std::vector<double> scale_;
  Matrix<double> axes_;
  std::vector<double> centred_;
};

Stages run_pipeline(const model::Pipeline& pipeline, std::span<const float> row) {
  Stages stages;
  stages.projected = apply(pipeline.pca, pipeline.pca.projection, row);
  stages.features = stages.projected;
  const std::size_t k = stages.features.size();
  scaling::scale_rows(pipeline.scaling, pipeline.max_length, stages.features.data(), 1, k, k);
  stages.divisor = pipeline.scaling == FeatureScalingMethod::scale ? pipeline.max_length : length(stages.projected);
  stages.whitened = apply<double>(pipeline.kde.whitening, pipeline.kde.whitening, stages.features);
  return stages;
}

/// Components, columns and their expected values. Works on the deviation's direction, so that far rows stay in range.
void attribute(const model::Pipeline& pipeline, const Stages& stages, const Columns& columns,
               const WhiteningInverse& inverse, std::vector<double> deviation, std::span<const float> row,
               Explanation& result) {
  result.deviation = length(deviation);
  if (result.deviation > 0) {
    for (double& x : deviation) x /= result.deviation;
  }
  const auto residual = inverse.unwhiten(deviation);                  // k: in feature space
  const auto slope = multiply(pipeline.kde.bw_transform, deviation);  // k: the density's slope
  const auto column_residual = multiply(columns.axes(), residual);    // D
  const auto column_slope = multiply(columns.axes(), slope);          // D
  result.components = products(residual, slope);
  const auto shares = products(column_residual, column_slope);
  for (std::size_t d = 0; d < shares.size(); ++d) {
    const double moved = column_residual[d] / columns.scale()[d] * result.deviation * stages.divisor;
    result.columns.push_back({row[d], double{row[d]} - moved, shares[d]});
  }
}

/// The share of |row - mean|^2, of standardised rows where the model standardises, outside the directions that PCA and
/// density keep.
double residual_share_of(const model::Pipeline& pipeline, const Stages& stages, const Columns& columns,
                         const WhiteningInverse& inverse) {
  std::vector<double> kept = stages.features;
  for (std::size_t j = 0; j < kept.size(); ++j) kept[j] -= pipeline.kde.mean[j];
  const auto null = inverse.null_part(kept);
  for (std::size_t j = 0; j < kept.size(); ++j) kept[j] = stages.projected[j] - stages.divisor * null[j];
  const auto seen = multiply(columns.axes(), kept);
  std::vector<double> centred = columns.centred();
  const double whole = length(centred);
  if (whole == 0) return 0;
  for (std::size_t d = 0; d < centred.size(); ++d) centred[d] -= seen[d];
  const double share = length(centred) / whole;
  return std::min(1.0, share * share);
}

/// Fills result with all that one pipeline says about a row.
void explain_by(const model::Pipeline& pipeline, std::span<const float> row, std::size_t nearest, Explanation& result) {
  const Stages stages = run_pipeline(pipeline, row);
  const Columns columns(pipeline.pca, row, stages.projected);
  const WhiteningInverse inverse(pipeline.kde.bw_transform);
  auto [neighbours, deviation] = kernel_mean(stages.whitened, pipeline.kde.references, nearest);
  result.neighbours = std::move(neighbours);
  attribute(pipeline, stages, columns, inverse, std::move(deviation), row, result);
  result.residual_share = residual_share_of(pipeline, stages, columns, inverse);
  result.unseen = result.residual_share;
}

/// If the part of the row that the densities do not see decides the model's verdict: how much of which column it is.
void explain_residual(const model::Model& model, EmbeddingsView row, Explanation& result) {
  const auto& [residual, line] = *model.residual_judge;
  double by_density = 0;
  model.make_density_scorer(1)->score(row, 0, &by_density, nullptr);
  if (!(line.log_density(by_density, model::residuals(*residual, row, 1)[0]) < by_density)) return;
  result.residual_decides = true;
  const auto [moved, shares] = residual->explain(row.row(0));
  for (std::size_t d = 0; d < moved.size(); ++d) {
    const double value = row.row(0)[d];
    result.columns[d] = {value, value - moved[d], shares[d]};
  }
}

/// If the row lies outside the subspace of the training rows: by how much of which column. Where the model's verdict
/// considers that, this is what sets the row apart.
void explain_outside(const model::Model& model, std::span<const float> row, Explanation& result) {
  const auto [distance, moved, shares] = subspace::explain(*model.subspace, row);
  result.outside = distance;
  if (distance == 0) return;
  for (std::size_t d = 0; d < row.size(); ++d) {
    result.outside_columns.push_back({row[d], double{row[d]} - moved[d], shares[d]});
  }
  if (!model.judge) return;
  result.columns = result.outside_columns;
  result.residual_decides = false;
}

/// From indices of the rows that the model was fitted on to indices in the sample.
void count_left_out(const model::Model& model, std::vector<Neighbour>& neighbours) {
  for (Neighbour& neighbour : neighbours) {
    for (const std::size_t left_out : model.report.rows_left_out) neighbour.row += left_out <= neighbour.row ? 1 : 0;
  }
}

/// Which member, 0 or 1, decides the ensemble's log-density of the row.
std::size_t deciding_member(const model::Model& model, EmbeddingsView row) {
  double joined = 0;
  model.make_density_scorer(1)->score(row, 0, &joined, nullptr);
  double by_first = 0;
  model.first().make_scorer(1)->score(row, 0, &by_first, nullptr);
  return joined < by_first ? 1 : 0;
}

}  // namespace

Explanation explain(const model::Model& model, EmbeddingsView row, double log_density, std::size_t nearest) {
  Explanation result;
  result.log_density = log_density;
  std::size_t member = 0;
  if (model.is_ensemble()) {
    member = deciding_member(model, row);
    result.decided_by = member + 1;
  }
  explain_by(*model.members[member].pipeline, row.row(0), nearest, result);
  count_left_out(model, result.neighbours);
  if (model.residual_judge) explain_residual(model, row, result);
  if (model.subspace) explain_outside(model, row.row(0), result);
  for (auto* columns : {&result.columns, &result.outside_columns}) {
    for (std::size_t d = 0; d < std::min(model.shift.size(), columns->size()); ++d) {
      (*columns)[d].value += model.shift[d];
      (*columns)[d].expected += model.shift[d];
    }
  }
  return result;
}

}  // namespace kernad::explanation
