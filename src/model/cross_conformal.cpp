#include "model/cross_conformal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "calibration/folds.hpp"
#include "kernad/error.hpp"
#include "model/fit.hpp"
#include "model/suspicious_values.hpp"

namespace kernad::model {
namespace {

Embeddings gather(EmbeddingsView rows, std::span<const std::size_t> chosen) {
  Embeddings result(chosen.size(), rows.cols());
  for (std::size_t i = 0; i < chosen.size(); ++i) std::ranges::copy(rows.row(chosen[i]), result.row(i).begin());
  return result;
}

/// Densities over all columns are comparable whatever the rank of a fold; others need the dimension of the model of all
/// rows.
KDEClassifierOptions fold_options(const KDEClassifierOptions& options, std::size_t components, std::size_t rows) {
  const bool over_all_columns =
      options.automatic || (options.n_pca_components.is_all() && options.kde.covariance != Covariance::full);
  KDEClassifierOptions result = options;
  if (!over_all_columns) result.n_pca_components = std::min(components, rows);
  return result;
}

HeldOut hold_out_folds(const Model& whole, EmbeddingsView rows, std::vector<std::size_t> left_out, std::size_t folds,
                       const KDEClassifierOptions& options, const FitSettings& settings, const FitProgress& progress) {
  const auto fold_of = calibration::deal_into_folds(rows.rows(), folds, options.seed);
  HeldOut result{std::vector<double>(rows.rows()), std::vector<double>(rows.rows()), {}, folds, std::move(left_out)};
  const auto whole_residual = residual_of(whole);
  if (whole_residual) result.residuals.resize(rows.rows());
  for (std::size_t fold = 0; fold < folds; ++fold) {
    std::vector<std::size_t> held_out;
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      if (fold_of[i] == fold) {
        held_out.push_back(i);
      } else if (!std::ranges::binary_search(result.left_out, i)) {
        others.push_back(i);
      }
    }
    try {
      const Embeddings training = gather(rows, others);
      const linalg::Rows<float> training_rows(training);
      Model model = fit_rows(training_rows, others.size(),
                             fold_options(options, whole.report.components, others.size()), settings, whole.shift);
      model.subspace = whole.subspace ? fit_subspace(model, training_rows, rows.rows(), settings.threads) : nullptr;
      const auto residual = whole_residual ? residual_like(*whole_residual, model) : nullptr;
      const HeldOut scores = hold_out(model, residual, gather(rows, held_out), settings.threads);
      for (std::size_t i = 0; i < held_out.size(); ++i) {
        result.log_densities[held_out[i]] = scores.log_densities[i];
        if (residual) result.residuals[held_out[i]] = scores.residuals[i];
        if (model.subspace) result.distances[held_out[i]] = scores.distances[i];
      }
    } catch (const InvalidInput& error) {
      throw InvalidInput(
          fmt::format("calibration without fold {} of {} ({} rows): {}", fold, folds, others.size(), error.what()));
    }
    if (progress) progress(fold + 1, folds);
  }
  return result;
}

}  // namespace

HeldOut cross_conformal(const Model& model, EmbeddingsView rows, std::size_t folds, const KDEClassifierOptions& options,
                        const FitSettings& settings, const FitProgress& progress) {
  // A fold that looked for glitches by itself could keep what the model leaves out.
  std::vector<std::size_t> left_out;
  if (options.automatic) left_out = rows_of(find_suspicious_values(linalg::Rows<float>(rows), settings.threads));
  const std::size_t most = rows.rows() - left_out.size();
  return hold_out_folds(model, rows, std::move(left_out), std::min(folds, most), options, settings, progress);
}

}  // namespace kernad::model
