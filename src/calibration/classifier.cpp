// KDEClassifier's calibration: honest scores and a threshold beside the fitted state, changed without a refit.
#include <fmt/format.h>

#include <algorithm>

#include "calibration/cross_conformal.hpp"
#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "kernad/sampling.hpp"
#include "model/model_state.hpp"

namespace kernad {
namespace {

/// Only the rows that the fit used: the others were left out of it, and so of the model that is calibrated.
Embeddings training_rows(EmbeddingsView embeddings, const KDEClassifierOptions& options) {
  const auto sample = sample_rows(embeddings.rows(), options.max_training_points, options.seed);
  Embeddings rows(sample.size(), embeddings.cols());
  for (std::size_t i = 0; i < sample.size(); ++i) std::ranges::copy(embeddings.row(sample[i]), rows.row(i).begin());
  return rows;
}

/// The same model with another calibration. A threshold by false-positive rate follows it; the others stay.
std::shared_ptr<const model::State> with_calibration(const model::State& state, Calibration calibration) {
  auto changed = std::make_shared<model::State>(state);
  if (changed->threshold && changed->threshold->rule == ThresholdRule::target_fpr) {
    changed->threshold = Threshold::at_target_fpr(changed->threshold->value, calibration);
  }
  changed->calibration = std::move(calibration);
  return changed;
}

std::shared_ptr<const model::State> with_threshold(const std::shared_ptr<const model::State>& state,
                                                   const std::optional<Threshold>& threshold) {
  if (!state) throw NotFitted("the classifier is not fitted; call fit or load first");
  auto changed = std::make_shared<model::State>(*state);
  changed->threshold = threshold;
  return changed;
}

}  // namespace

void KDEClassifier::calibrate(EmbeddingsView embeddings, std::size_t folds, const FitProgress& progress) {
  const FitReport& fit = report();
  if (folds < 2) throw InvalidParameter(fmt::format("folds is {}; valid: 2 or more", folds));
  if (embeddings.rows() != fit.rows_seen || embeddings.cols() != fit.columns) {
    throw InvalidInput(
        fmt::format("embeddings are {} x {}; cross-conformal calibration needs the {} x {} that the model was fitted "
                    "on (calibrate_from takes others)",
                    embeddings.rows(), embeddings.cols(), fit.rows_seen, fit.columns));
  }
  const bool sampled = embeddings.rows() > options_.max_training_points;
  const Embeddings sample = sampled ? training_rows(embeddings, options_) : Embeddings();
  const EmbeddingsView rows = sampled ? sample.view() : embeddings;
  folds = std::min(folds, rows.rows());
  auto scores = calibration::held_out_log_densities(rows, folds, options_, fit.components, threads_, progress);
  state_ = with_calibration(*state_, Calibration(std::move(scores), folds));
}

void KDEClassifier::calibrate_from(EmbeddingsView normals) {
  auto scores = compute_kde_scores(normals, true);
  state_ = with_calibration(*state_, Calibration(std::move(scores)));
}

void KDEClassifier::set_target_fpr(double fpr) { set_threshold(Threshold::at_target_fpr(fpr, calibration())); }

void KDEClassifier::set_threshold(const Threshold& threshold) { state_ = with_threshold(state_, threshold); }

void KDEClassifier::clear_threshold() { state_ = with_threshold(state_, std::nullopt); }

bool KDEClassifier::is_calibrated() const noexcept { return state_ && state_->calibration; }
bool KDEClassifier::has_threshold() const noexcept { return state_ && state_->threshold; }

const Calibration& KDEClassifier::calibration() const {
  (void)report();
  if (!is_calibrated()) throw NotFitted("the classifier is not calibrated; call calibrate or calibrate_from first");
  return *state_->calibration;
}

const Threshold& KDEClassifier::threshold() const {
  (void)report();
  if (!has_threshold()) throw NotFitted("the classifier has no threshold; call set_target_fpr or set_threshold first");
  return *state_->threshold;
}

}  // namespace kernad
