#include "model/cross_conformal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
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

/// The moments of all rows but some that the model's shift was subtracted from.
std::optional<linalg::RowMoments> moments_without(const linalg::ExactMoments* all, EmbeddingsView rows,
                                                  const std::vector<double>& shift, std::size_t kept, int threads) {
  if (all == nullptr) return std::nullopt;
  linalg::ExactMoments others = *all;
  Matrix<double> given(rows.rows(), rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < rows.cols(); ++j) given(i, j) = double{rows.row(i)[j]} + (shift.empty() ? 0 : shift[j]);
  }
  others.subtract(given.view(), threads);
  return linalg::rounded(others, shift, kept, threads);
}

/// A fold's rows, and those that are learned without it.
struct FoldRows {
  std::vector<std::size_t> held_out;
  std::vector<std::size_t> others;
};
FoldRows rows_of_fold(const std::vector<std::size_t>& fold_of, std::size_t fold,
                      const std::vector<std::size_t>& left_out) {
  FoldRows rows;
  for (std::size_t i = 0; i < fold_of.size(); ++i) {
    if (fold_of[i] == fold) {
      rows.held_out.push_back(i);
    } else if (!std::ranges::binary_search(left_out, i)) {
      rows.others.push_back(i);
    }
  }
  return rows;
}

HeldOut hold_out_folds(const Model& whole, EmbeddingsView rows, std::vector<std::size_t> left_out, std::size_t folds,
                       const KDEClassifierOptions& options, const FitSettings& settings, const FitProgress& progress,
                       const linalg::ExactMoments* all) {
  const auto fold_of = calibration::deal_into_folds(rows.rows(), folds, options.seed);
  HeldOut result{std::vector<double>(rows.rows()), std::vector<double>(rows.rows()), {}, folds, std::move(left_out)};
  const auto whole_residual = residual_of(whole);
  if (whole_residual) result.residuals.resize(rows.rows());
  for (std::size_t fold = 0; fold < folds; ++fold) {
    const auto [held_out, others] = rows_of_fold(fold_of, fold, result.left_out);
    try {
      const Embeddings training = gather(rows, others);
      const Embeddings unseen = gather(rows, held_out);
      const linalg::Rows<float> training_rows(training);
      const auto moments = moments_without(all, unseen, whole.shift, others.size(), settings.threads);
      const linalg::RowMoments* given = moments ? &*moments : nullptr;
      Model model = fit_rows(
          training_rows, others.size(), fold_options(options, whole.report.components, others.size()), settings,
          whole.shift, [](std::size_t) {}, given);
      model.subspace =
          whole.subspace ? fit_subspace(model, training_rows, rows.rows(), settings.threads, given) : nullptr;
      const auto residual = whole_residual ? residual_like(*whole_residual, model) : nullptr;
      const HeldOut scores = hold_out(model, residual, unseen, settings.threads);
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
                        const FitSettings& settings, const FitProgress& progress, const linalg::ExactMoments* moments) {
  // A fold that looked for glitches by itself could keep what the model leaves out.
  std::vector<std::size_t> left_out;
  if (options.automatic) left_out = rows_of(find_suspicious_values(linalg::Rows<float>(rows), settings.threads));
  const std::size_t most = rows.rows() - left_out.size();
  return hold_out_folds(model, rows, std::move(left_out), std::min(folds, most), options, settings, progress, moments);
}

}  // namespace kernad::model
