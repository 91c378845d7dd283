#include "comparison/known_columns.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "explanation/contributions.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad::comparison {
namespace {

/// Values that are kept, if that leaves kMinRows: 16 MB, and 32 MB of counts.
constexpr std::size_t kMaxValues = std::size_t{1} << 21;
constexpr std::size_t kMinRows = 1024;

/// The pipeline that a row's columns can best be read from: of the two of `automatic`, the one with standardised
/// columns and spherical kernels.
const model::Pipeline& best_known(const model::Model& model) { return *model.members.back().pipeline; }

/// Whether the pipeline maps different rows to different references.
bool has_values(const model::Model& model, const model::Pipeline& pipeline) {
  const auto& ratio = pipeline.pca.explained_variance_ratio;
  const std::size_t axes = pipeline.pca.singular_vectors.cols();
  const bool all_axes = axes == model.columns() || axes == model.report.rank || model.is_ensemble();
  return pipeline.scaling == FeatureScalingMethod::scale &&
         pipeline.kde.bw_transform.rows() == pipeline.kde.bw_transform.cols() && all_axes &&
         std::accumulate(ratio.begin(), ratio.end(), 0.0) > 1 - 1e-9;
}

/// D: the variance of the training rows along the axes, of the columns that PCA sees.
std::vector<double> variances(const pca::State& pca, double rows) {
  std::vector<double> result(pca.mean.size());
  for (std::size_t d = 0; d < result.size(); ++d) {
    const double scale = pca.column_scale.empty() ? 1 : pca.column_scale[d];
    for (std::size_t k = 0; k < pca.singular_values.size(); ++k) {
      const double along = pca.singular_vectors(d, k) / scale * pca.singular_values[k];
      result[d] += along * along / rows;
    }
  }
  return result;
}

/// Standard deviations of the columns. What the axes leave out is divided among all columns alike.
std::vector<double> deviations(const pca::State& pca, double rows) {
  auto result = variances(pca, rows);
  const double kept = std::accumulate(result.begin(), result.end(), 0.0);
  const double share = std::accumulate(pca.explained_variance_ratio.begin(), pca.explained_variance_ratio.end(), 0.0);
  const double left_out = std::max(kept / share - kept, 0.0) / static_cast<double>(result.size());
  const double largest = std::sqrt(*std::ranges::max_element(result));
  for (std::size_t d = 0; d < result.size(); ++d) {
    double& x = result[d];
    const double scale = pca.column_scale.empty() ? 1 : pca.column_scale[d];
    x = std::sqrt(x + left_out);
    const double rounding = std::max(0x1p-24 * std::abs(pca.mean[d]) * scale, 0x1p-26 * largest);
    x = x > rounding ? x / scale : 0;
  }
  return result;
}

/// The way from whitened rows back to the columns: value = matrix whitened + offset.
struct WayBack {
  Matrix<double> matrix;       // D x r
  std::vector<double> offset;  // D
};

WayBack way_back(const model::Pipeline& pipeline) {
  const explanation::WhiteningInverse inverse(pipeline.kde.bw_transform);
  const Matrix<double>& axes = pipeline.pca.singular_vectors;
  const auto& scale = pipeline.pca.column_scale;
  const std::size_t rank = pipeline.kde.bw_transform.cols();
  WayBack back = {Matrix<double>(axes.rows(), rank), std::vector<double>(axes.rows())};
  const auto to_column = [&](std::size_t d, std::span<const double> features) {
    const auto axis = axes.row(d);  // without the residual, which training rows do not have
    const double sum = std::inner_product(axis.begin(), axis.end(), features.begin(), 0.0);
    return sum * pipeline.max_length / (scale.empty() ? 1 : scale[d] * scale[d]);
  };
  std::vector<double> unit(rank);
  for (std::size_t r = 0; r < rank; ++r) {
    unit[r] = 1;
    const auto features = inverse.unwhiten(unit);
    for (std::size_t d = 0; d < axes.rows(); ++d) back.matrix(d, r) = to_column(d, features);
    unit[r] = 0;
  }
  for (std::size_t d = 0; d < axes.rows(); ++d) back.offset[d] = to_column(d, pipeline.kde.mean);
  return back;
}

/// m of the references, evenly spaced, in double.
Matrix<double> some_references(const kde::ReferenceSet& references, std::size_t wanted) {
  const Matrix<float> rounded = references.exact.empty() ? kde::whitened_rows(references) : Matrix<float>();
  const std::size_t columns = references.packed.dimension;
  Matrix<double> some(wanted, columns);
  for (std::size_t i = 0; i < wanted; ++i) {
    const std::size_t row = i * references.rows / wanted;
    if (references.exact.empty()) {
      std::ranges::copy(rounded.row(row), some.row(i).begin());
    } else {
      std::ranges::copy(references.exact.row(row), some.row(i).begin());
    }
  }
  return some;
}

Matrix<double> sorted_values(const model::Pipeline& pipeline, const std::vector<double>& deviation, int threads) {
  const WayBack back = way_back(pipeline);
  const std::size_t columns = back.offset.size();
  const std::size_t all = pipeline.kde.references.rows;
  const Matrix<double> rows =
      some_references(pipeline.kde.references, std::min(all, std::max(kMinRows, kMaxValues / columns)));
  Matrix<double> values(columns, rows.rows());
  parallel::parallel_for(columns, threads, [&](std::size_t d, std::size_t) {
    if (deviation[d] == 0) return;  // constant: the mean, without the rounding of other columns
    const auto way = back.matrix.row(d);
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      values(d, i) = std::inner_product(way.begin(), way.end(), rows.row(i).begin(), back.offset[d]);
    }
    std::ranges::sort(values.row(d));
  });
  return values;
}

}  // namespace

double KnownColumns::tolerance(std::size_t column, double value) const {
  return 1e-4 * deviation[column] + 0x1p-18 * std::abs(value) + 0x1p-25 * std::abs(mean[column]);
}

KnownColumns known_columns(const model::Model& model, int threads) {
  const model::Pipeline& pipeline = best_known(model);
  KnownColumns known;
  const auto& pca = pipeline.pca;
  if (!pipeline.kde.references.weights.empty() || pca.singular_values.empty() || pca.explained_variance_ratio.empty())
    return known;
  known.rows = pipeline.kde.references.rows;
  known.mean = pca.mean;
  known.deviation = deviations(pca, static_cast<double>(known.rows));
  if (has_values(model, pipeline)) known.values = sorted_values(pipeline, known.deviation, threads);
  return known;
}

}  // namespace kernad::comparison
