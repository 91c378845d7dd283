#include "model/pipeline.hpp"

#include "scaling/column_scale.hpp"
#include "scaling/scaling.hpp"

namespace kernad::model {

Pipeline fit_pipeline(const linalg::Rows<float>& rows, const KDEClassifierOptions& options, const FitSettings& settings,
                      const std::function<void()>& projected, const linalg::RowMoments* moments) {
  const int threads = settings.threads;
  Pipeline pipeline;
  pca::Extras extras;
  extras.moments = moments;
  if (options.standardize) {
    extras.column_scale =
        moments != nullptr ? scaling::inverse_deviations(*moments) : scaling::inverse_deviations(rows, threads);
  }
  extras.residual = options.n_pca_components.is_all() && options.kde.covariance != Covariance::full;
  pipeline.pca = pca::fit(rows, options.n_pca_components, std::move(extras), threads);
  projected();
  Matrix<double> features = pca::project(pipeline.pca, rows, threads);
  pipeline.scaling = options.feature_scaling_method;
  pipeline.max_length = scaling::longest_row(features);
  scaling::scale_rows(pipeline.scaling, pipeline.max_length, features.data(), features.rows(), features.cols(),
                      features.cols());
  pipeline.kde = kde::fit(features.view(), rows.weights(), options.kde, pipeline.pca.residual_dimensions,
                          settings.pruning, threads);
  return pipeline;
}

Pipeline with_pruning(const Pipeline& pipeline, const FitSettings& settings) {
  Pipeline changed = pipeline;
  changed.kde = *kde::with_pruning(pipeline.kde, settings.pruning, settings.threads);
  return changed;
}

}  // namespace kernad::model
