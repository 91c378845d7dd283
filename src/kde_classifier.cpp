// The spine: features -> sample -> PCA -> scaling -> KDE -> log-density -> probability, each step one line.
#include "kernad/kde_classifier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "calibration/probability.hpp"
#include "committee/experts.hpp"
#include "committee/fit.hpp"
#include "kde/batch_scorer.hpp"
#include "kernad/error.hpp"
#include "kernad/sampling.hpp"
#include "linalg/finite.hpp"
#include "model/pipeline_fit.hpp"
#include "model/pipeline_scorer.hpp"
#include "parallel/parallel_for.hpp"
#include "scaling/scaling.hpp"

namespace kernad {
namespace {

const model::State& fitted(const std::shared_ptr<const model::State>& state) {
  if (!state) throw NotFitted("the classifier is not fitted; call fit or load first");
  return *state;
}

std::vector<double> log_densities(const model::State& state, FeatureScalingMethod method, EmbeddingsView features,
                                  int requested_threads) {
  linalg::require_columns(features, state.pca.mean.size(), "features");
  std::vector<double> result(features.rows());
  const int threads =
      kde::useful_threads(parallel::resolve_threads(requested_threads), features.rows(), state.kde.references);
  kde::BatchScorer<model::PipelineScorer>({&state, method}, threads).score(features, result.data());
  return result;
}

}  // namespace

KDEClassifier::KDEClassifier(KDEClassifierOptions options) : options_(options) {
  const KDEClassifierOptions defaults;
  kde::check_options(options.kde);
  if (options.automatic &&
      (options.n_pca_components != defaults.n_pca_components || options.standardize || options.kde != defaults.kde ||
       options.feature_scaling_method != defaults.feature_scaling_method)) {
    throw InvalidParameter(
        "auto chooses n_pca_components, feature_scaling_method, standardize, bandwidth, covariance and local_alpha "
        "itself; valid: to leave those at their defaults");
  }
  if (options.max_training_points < 2) {
    throw InvalidParameter(fmt::format("max_training_points is {}; valid: 2 or more", options.max_training_points));
  }
}

bool KDEClassifier::fit(EmbeddingsView embeddings, const FitProgress& progress) {
  constexpr std::size_t kStages = 4;
  const auto done = [&](std::size_t stages) {
    if (progress) progress(stages, kStages);
  };
  const int threads = parallel::resolve_threads(threads_);
  linalg::require_finite(embeddings, "embeddings", threads);
  const KDEClassifierOptions chosen = options_.automatic ? committee::first_expert(options_) : options_;
  if (embeddings.rows() < chosen.n_pca_components.count()) {
    state_.reset();
    return false;
  }
  done(1);
  const auto sample = sample_rows(embeddings.rows(), options_.max_training_points, options_.seed);
  const linalg::Rows<float> rows(embeddings, sample);

  auto state = std::make_shared<model::State>(model::fit_pipeline(rows, chosen, pruning_, threads, [&] { done(2); }));
  done(3);
  state->report = model::make_report(*state, embeddings.rows(), chosen);
  if (options_.automatic) committee::add_second(*state, rows, options_, pruning_, threads);
  done(kStages);
  state_ = std::move(state);
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
  auto scores = log_densities(fitted(state_), options_.feature_scaling_method, features, threads_);
  return as_log_likelihood ? scores : kde::exp_saturating(scores);
}

std::vector<double> KDEClassifier::compute_probabilities(std::span<const double> scores) {
  using calibration::kMidpoint;
  using calibration::kSlope;
  std::vector<double> probabilities(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i])) throw InvalidInput(fmt::format("score {} is NaN; scores are log-densities", i));
    probabilities[i] = 1 / (1 + std::exp(kSlope * (scores[i] - kMidpoint)));
  }
  return probabilities;
}

std::vector<double> KDEClassifier::predict(EmbeddingsView features) const {
  return compute_probabilities(compute_kde_scores(features, true));
}

const FitReport& KDEClassifier::report() const { return fitted(state_).report; }

void KDEClassifier::set_threads(int threads) { threads_ = parallel::checked_thread_count(threads); }

void KDEClassifier::set_pruning(bool pruning) {
  if (state_ && state_->kde.references.pruning != pruning) {
    auto changed = std::make_shared<model::State>(*state_);
    const int threads = parallel::resolve_threads(threads_);
    changed->kde = *kde::with_pruning(state_->kde, pruning, threads);
    if (state_->committee) {
      auto committee = std::make_shared<model::Committee>(*state_->committee);
      committee->second.kde = *kde::with_pruning(committee->second.kde, pruning, threads);
      changed->committee = std::move(committee);
    }
    state_ = std::move(changed);
  }
  pruning_ = pruning;
}

StateDict KDEClassifier::state_dict() const { return model::to_state_dict(fitted(state_), options_); }

void KDEClassifier::load_state_dict(const StateDict& state) {
  auto loaded = model::from_state_dict(state, options_, pruning_, parallel::resolve_threads(threads_));
  state_ = std::make_shared<model::State>(std::move(loaded.state));
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
