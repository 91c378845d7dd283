#include "calibration/cross_conformal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "calibration/folds.hpp"
#include "kernad/error.hpp"

namespace kernad::calibration {
namespace {

Embeddings gather(EmbeddingsView rows, const std::vector<std::size_t>& chosen) {
  Embeddings result(chosen.size(), rows.cols());
  for (std::size_t i = 0; i < chosen.size(); ++i) std::ranges::copy(rows.row(chosen[i]), result.row(i).begin());
  return result;
}

}  // namespace

std::vector<double> held_out_log_densities(EmbeddingsView rows, std::size_t folds, const KDEClassifierOptions& options,
                                           std::size_t components, int threads, const FitProgress& progress) {
  const auto fold_of = deal_into_folds(rows.rows(), folds, options.seed);
  std::vector<double> result(rows.rows());
  // Densities of all columns compare whatever the rank of a fold. Others need the dimension of the model of all rows.
  const bool over_all_columns =
      options.automatic || (options.n_pca_components.is_all() && options.kde.covariance != Covariance::full);
  for (std::size_t fold = 0; fold < folds; ++fold) {
    std::vector<std::size_t> held_out;
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < rows.rows(); ++i) (fold_of[i] == fold ? held_out : others).push_back(i);

    KDEClassifierOptions fold_options = options;
    if (!over_all_columns) fold_options.n_pca_components = std::min(components, others.size());
    KDEClassifier classifier(fold_options);
    classifier.set_threads(threads);
    try {
      if (!classifier.fit(gather(rows, others))) throw InvalidInput("too few rows");
    } catch (const InvalidInput& error) {
      throw InvalidInput(
          fmt::format("calibration without fold {} of {} ({} rows): {}", fold, folds, others.size(), error.what()));
    }
    const auto scores = classifier.compute_kde_scores(gather(rows, held_out), true);
    for (std::size_t i = 0; i < held_out.size(); ++i) result[held_out[i]] = scores[i];
    if (progress) progress(fold + 1, folds);
  }
  return result;
}

}  // namespace kernad::calibration
