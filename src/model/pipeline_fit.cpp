#include "model/pipeline_fit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "scaling/column_scale.hpp"
#include "scaling/scaling.hpp"

namespace kernad::model {

State fit_pipeline(const linalg::Rows<float>& rows, const KDEClassifierOptions& options, bool pruning, int threads,
                   const std::function<void()>& projected) {
  State state;
  pca::Extras extras;
  if (options.standardize) extras.column_scale = scaling::inverse_deviations(rows, threads);
  extras.residual = options.n_pca_components.is_all() && options.kde.covariance != Covariance::full;
  state.pca = pca::fit(rows, options.n_pca_components, std::move(extras), threads);
  projected();
  Matrix<double> features = pca::project(state.pca, rows, threads);
  state.max_length = scaling::longest_row(features);
  scaling::scale_rows(options.feature_scaling_method, state.max_length, features.data(), features.rows(),
                      features.cols(), features.cols());
  state.kde = kde::fit(features.view(), options.kde, state.pca.residual_dimensions, pruning, threads);
  return state;
}

FitReport make_report(const State& state, std::size_t rows_seen, const KDEClassifierOptions& options) {
  FitReport report;
  report.rows_seen = rows_seen;
  report.rows_used = state.kde.references.rows;
  report.columns = state.pca.mean.size();
  report.rank = state.pca.rank;
  report.components = state.pca.singular_vectors.cols();
  report.kde_rank = state.kde.dimension;
  for (const double ratio : state.pca.explained_variance_ratio) report.explained_variance += ratio;
  report.explained_variance = std::min(report.explained_variance, 1.0);
  report.bandwidth_factor = state.kde.bandwidth_factor;
  report.max_length = state.max_length;
  report.shrinkage = state.kde.shrinkage;
  report.loo_log_likelihood = state.kde.loo_log_likelihood;

  const auto& wanted = options.n_pca_components;
  if (report.rows_used < rows_seen) {
    report.notes.push_back(fmt::format("a sample of {} of {} rows is used (max_training_points = {}, seed = {})",
                                       report.rows_used, rows_seen, options.max_training_points, options.seed));
  }
  if (report.components < wanted.count()) {
    report.notes.push_back(fmt::format("n_pca_components cut from {} to {}: the data have {} columns and rank {}",
                                       wanted.count(), report.components, report.columns, report.rank));
  }
  if (report.kde_rank < report.components) {
    report.notes.push_back(
        fmt::format("{} of {} components have no variance after scaling and are left out of the density",
                    report.components - report.kde_rank, report.components));
  }
  if (state.kde.bandwidth_at_limit) {
    report.notes.push_back(fmt::format(
        "the bandwidth factor, {:.6g}, is the end of the range in which leave-one-out likelihood was searched",
        report.bandwidth_factor));
  }
  return report;
}

}  // namespace kernad::model
