// The classifier's face: the reference's names over the fitted model.
#include "kernad/kde_classifier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "explanation/explain.hpp"
#include "kde/density_scorer.hpp"
#include "kernad/error.hpp"
#include "kernad/sampling.hpp"
#include "linalg/finite.hpp"
#include "model/cross_conformal.hpp"
#include "model/fit.hpp"
#include "model/model.hpp"
#include "parallel/parallel_for.hpp"
#include "scaling/scaling.hpp"
#include "scoring/batch_scorer.hpp"
#include "serialise/model_state.hpp"

namespace kernad {
namespace {

const model::Model& fitted(const std::shared_ptr<const model::Model>& model) {
  if (!model) throw NotFitted("the classifier is not fitted; call fit or load first");
  return *model;
}

model::FitSettings settings_for(bool pruning, int threads) { return {pruning, parallel::resolve_threads(threads)}; }

}  // namespace

KDEClassifier::KDEClassifier(KDEClassifierOptions options) : options_(options) { model::check_options(options_); }

// ---- fit and score ----

bool KDEClassifier::fit(EmbeddingsView embeddings, const FitProgress& progress) {
  const auto settings = settings_for(pruning_, threads_);
  if (!model::has_enough_rows(embeddings, options_)) {
    linalg::require_finite(embeddings, "embeddings", settings.threads);
    model_.reset();
    return false;
  }
  model_ = std::make_shared<const model::Model>(model::fit(embeddings, options_, settings, progress));
  return true;
}

std::pair<Embeddings, double> KDEClassifier::pre_process(EmbeddingsView feature_stack,
                                                         std::optional<double> max_length) const {
  if (feature_stack.rows() != 0) {
    linalg::require_finite(feature_stack, "features", parallel::resolve_threads(threads_));
  }
  if (max_length && !(*max_length > 0 && std::isfinite(*max_length))) {
    throw InvalidParameter(fmt::format("max_length is {}; valid: finite and above 0", *max_length));
  }
  Matrix<double> scaled(feature_stack.rows(), feature_stack.cols());
  for (std::size_t i = 0; i < scaled.rows(); ++i) {
    std::copy_n(feature_stack.row(i).data(), scaled.cols(), scaled.row(i).data());
  }
  const double length = max_length ? *max_length : scaling::longest_row(scaled);
  if (length == 0 && options_.feature_scaling_method == FeatureScalingMethod::scale) {
    throw InvalidInput("every row of features has length 0; to scale them, max_length must be given");
  }
  scaling::scale_rows(options_.feature_scaling_method, length, scaled.data(), scaled.rows(), scaled.cols(),
                      scaled.cols());
  return {linalg::to_float32(scaled, "scaled features"), length};
}

std::vector<double> KDEClassifier::compute_kde_scores(EmbeddingsView features, bool as_log_likelihood) const {
  auto scores = scoring::log_densities(fitted(model_), features, parallel::resolve_threads(threads_), "features");
  return as_log_likelihood ? scores : kde::exp_saturating(scores);
}

std::vector<double> KDEClassifier::compute_probabilities(std::span<const double> scores) {
  std::vector<double> probabilities(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i])) throw InvalidInput(fmt::format("score {} is NaN; scores are log-densities", i));
    probabilities[i] = 1 / (1 + std::exp(probability_slope * (scores[i] - probability_midpoint)));
  }
  return probabilities;
}

std::vector<double> KDEClassifier::predict(EmbeddingsView features) const {
  return compute_probabilities(compute_kde_scores(features, true));
}

Explanation KDEClassifier::explain(EmbeddingsView row, std::size_t nearest) const {
  if (row.rows() != 1) throw InvalidInput(fmt::format("there are {} rows to explain; one is needed", row.rows()));
  const auto log_density = compute_kde_scores(row, true);  // checks the row
  Explanation result = explanation::explain(*model_, row, log_density[0], nearest);
  result.probability = compute_probabilities(log_density)[0];
  if (is_calibrated()) result.p_value = calibration().p_values(log_density)[0];
  return result;
}

// ---- calibration and threshold ----

std::vector<double> KDEClassifier::calibrate(EmbeddingsView embeddings, std::size_t folds,
                                             const FitProgress& progress) {
  const FitReport& fit = report();
  if (folds < 2) throw InvalidParameter(fmt::format("folds is {}; valid: 2 or more", folds));
  if (embeddings.rows() != fit.rows_seen || embeddings.cols() != fit.columns) {
    throw InvalidInput(
        fmt::format("embeddings are {} x {}; cross-conformal calibration needs the {} x {} that the model was fitted "
                    "on (calibrate_from takes others)",
                    embeddings.rows(), embeddings.cols(), fit.rows_seen, fit.columns));
  }
  auto held_out =
      model::cross_conformal(embeddings, folds, options_, fit.components, settings_for(pruning_, threads_), progress);
  Calibration calibration(held_out.log_densities, held_out.folds);
  model_ = std::make_shared<const model::Model>(model::with_calibration(*model_, std::move(calibration)));
  return std::move(held_out.log_densities);
}

void KDEClassifier::calibrate_from(EmbeddingsView normals) {
  Calibration calibration(compute_kde_scores(normals, true));
  model_ = std::make_shared<const model::Model>(model::with_calibration(*model_, std::move(calibration)));
}

void KDEClassifier::set_target_fpr(double fpr) { set_threshold(Threshold::at_target_fpr(fpr, calibration())); }

void KDEClassifier::set_threshold(const Threshold& threshold) {
  model::Model changed = fitted(model_);
  changed.threshold = threshold;
  model_ = std::make_shared<const model::Model>(std::move(changed));
}

void KDEClassifier::clear_threshold() {
  model::Model changed = fitted(model_);
  changed.threshold.reset();
  model_ = std::make_shared<const model::Model>(std::move(changed));
}

bool KDEClassifier::is_calibrated() const noexcept { return model_ && model_->calibration; }
bool KDEClassifier::has_threshold() const noexcept { return model_ && model_->threshold; }

const Calibration& KDEClassifier::calibration() const {
  const auto& calibration = fitted(model_).calibration;
  if (!calibration) throw NotFitted("the classifier is not calibrated; call calibrate or calibrate_from first");
  return *calibration;
}

const Threshold& KDEClassifier::threshold() const {
  const auto& threshold = fitted(model_).threshold;
  if (!threshold) throw NotFitted("the classifier has no threshold; call set_target_fpr or set_threshold first");
  return *threshold;
}

// ---- settings, report, files ----

const FitReport& KDEClassifier::report() const { return fitted(model_).report; }

void KDEClassifier::set_column_names(std::vector<std::string> names, std::vector<std::string> left_out) {
  model::Model changed = fitted(model_);
  model::check_column_names(names, left_out, changed.columns());
  changed.column_names = std::move(names);
  changed.left_out_columns = std::move(left_out);
  model_ = std::make_shared<const model::Model>(std::move(changed));
}

const std::vector<std::string>& KDEClassifier::column_names() const { return fitted(model_).column_names; }

const std::vector<std::string>& KDEClassifier::left_out_columns() const { return fitted(model_).left_out_columns; }

void KDEClassifier::remember_rows(EmbeddingsView rows, const std::vector<std::string>& names) {
  const FitReport& fit = report();
  if (rows.rows() != fit.rows_seen || rows.cols() != fit.columns) {
    throw InvalidInput(
        fmt::format("rows are {} x {}; the fit had {} x {}", rows.rows(), rows.cols(), fit.rows_seen, fit.columns));
  }
  if (!names.empty() && names.size() != rows.rows()) {
    throw InvalidParameter(
        fmt::format("{} names for {} rows; one a row is needed, or none", names.size(), rows.rows()));
  }
  model::Model changed = fitted(model_);
  changed.training_rows =
      model::make_training_rows(rows, names, sample_rows(fit.rows_seen, options_.max_training_points, options_.seed));
  model_ = std::make_shared<const model::Model>(std::move(changed));
}

const std::vector<std::string>& KDEClassifier::row_names() const { return fitted(model_).training_rows.names; }

TrainedOn KDEClassifier::trained_on(EmbeddingsView rows) const {
  return model::count_trained_on(fitted(model_).training_rows, rows);
}

void KDEClassifier::set_threads(int threads) { threads_ = parallel::checked_thread_count(threads); }

void KDEClassifier::set_pruning(bool pruning) {
  if (model_ && model_->first().kde.references.pruning != pruning) {
    model_ = std::make_shared<const model::Model>(model::with_pruning(*model_, settings_for(pruning, threads_)));
  }
  pruning_ = pruning;
}

StateDict KDEClassifier::state_dict() const { return serialise::to_state_dict(fitted(model_), options_); }

void KDEClassifier::load_state_dict(const StateDict& state) {
  auto loaded = serialise::from_state_dict(state, options_, settings_for(pruning_, threads_));
  model_ = std::make_shared<const model::Model>(std::move(loaded.model));
  options_ = loaded.options;
}

void KDEClassifier::save(const std::string& path) const { write_safetensors(path, state_dict()); }

KDEClassifier KDEClassifier::load(const std::string& path, const KDEClassifierOptions& options) {
  const StateDict state = read_safetensors(path);
  KDEClassifier classifier(options);
  try {
    classifier.load_state_dict(state);
  } catch (const InvalidInput& error) {
    throw ReadError(path + ": " + error.what());
  }
  return classifier;
}

}  // namespace kernad
