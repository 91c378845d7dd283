#include "model/cross_conformal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "calibration/folds.hpp"
#include "kernad/error.hpp"
#include "kernad/sampling.hpp"
#include "model/fit.hpp"
#include "scoring/batch_scorer.hpp"

namespace kernad::model {
namespace {

Embeddings gather(EmbeddingsView rows, std::span<const std::size_t> chosen) {
  Embeddings result(chosen.size(), rows.cols());
  for (std::size_t i = 0; i < chosen.size(); ++i) std::ranges::copy(rows.row(chosen[i]), result.row(i).begin());
  return result;
}

/// Densities of all columns compare whatever the rank of a fold; others need the dimension of the model of all rows.
KDEClassifierOptions fold_options(const KDEClassifierOptions& options, std::size_t components, std::size_t rows) {
  const bool over_all_columns =
      options.automatic || (options.n_pca_components.is_all() && options.kde.covariance != Covariance::full);
  KDEClassifierOptions result = options;
  if (!over_all_columns) result.n_pca_components = std::min(components, rows);
  return result;
}

std::vector<double> held_out_log_densities(EmbeddingsView rows, std::size_t folds, const KDEClassifierOptions& options,
                                           std::size_t components, const FitSettings& settings,
                                           const FitProgress& progress) {
  const auto fold_of = calibration::deal_into_folds(rows.rows(), folds, options.seed);
  std::vector<double> result(rows.rows());
  for (std::size_t fold = 0; fold < folds; ++fold) {
    std::vector<std::size_t> held_out;
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < rows.rows(); ++i) (fold_of[i] == fold ? held_out : others).push_back(i);
    try {
      const Model model = fit(gather(rows, others), fold_options(options, components, others.size()), settings);
      const auto scores = scoring::log_densities(model, gather(rows, held_out), settings.threads, "features");
      for (std::size_t i = 0; i < held_out.size(); ++i) result[held_out[i]] = scores[i];
    } catch (const InvalidInput& error) {
      throw InvalidInput(
          fmt::format("calibration without fold {} of {} ({} rows): {}", fold, folds, others.size(), error.what()));
    }
    if (progress) progress(fold + 1, folds);
  }
  return result;
}

}  // namespace

HeldOut cross_conformal(EmbeddingsView embeddings, std::size_t folds, const KDEClassifierOptions& options,
                        std::size_t components, const FitSettings& settings, const FitProgress& progress) {
  // The rows that the fit left out are no part of the model that is calibrated.
  const bool sampled = embeddings.rows() > options.max_training_points;
  const Embeddings sample =
      sampled ? gather(embeddings, sample_rows(embeddings.rows(), options.max_training_points, options.seed))
              : Embeddings();
  const EmbeddingsView rows = sampled ? sample.view() : embeddings;
  folds = std::min(folds, rows.rows());
  return {held_out_log_densities(rows, folds, options, components, settings, progress), folds};
}

}  // namespace kernad::model
