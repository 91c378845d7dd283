// The classifier's face: the reference's names over the fitted model.
#include "kernad/kde_classifier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "explanation/explain.hpp"
#include "kde/density_scorer.hpp"
#include "kernad/error.hpp"
#include "linalg/finite.hpp"
#include "model/column_shift.hpp"
#include "model/cross_conformal.hpp"
#include "model/fit.hpp"
#include "model/model.hpp"
#include "model/precision.hpp"
#include "model/suspicious_values.hpp"
#include "model/training_sample.hpp"
#include "normal_rows.hpp"
#include "parallel/parallel_for.hpp"
#include "sampling/row_weights.hpp"
#include "scaling/scaling.hpp"
#include "scoring/batch_scorer.hpp"
#include "serialise/model_state.hpp"

namespace kernad {
namespace {

const model::Model& fitted(const std::shared_ptr<const model::Model>& model) {
  if (!model) throw NotFitted("the classifier is not fitted; call fit or load first");
  return *model;
}

/// Rows of float or double as the model takes them.
template <typename T>
model::ShiftedRows shifted(const model::Model& model, MatrixView<T> rows, const char* what, int threads) {
  linalg::require_columns(rows, model.columns(), what);
  return {rows, model.shift, parallel::resolve_threads(threads)};
}

template <typename T>
std::vector<double> scores(const model::Model& model, MatrixView<T> features, bool as_log_likelihood, int threads) {
  const auto rows = shifted(model, features, "features", threads);
  auto log_densities = scoring::log_densities(model, rows.view(), parallel::resolve_threads(threads), "features");
  return as_log_likelihood ? log_densities : kde::exp_saturating(log_densities);
}

template <typename T>
std::vector<double> distances_outside(const model::Model& model, MatrixView<T> features, int threads) {
  const auto rows = shifted(model, features, "features", threads);
  std::vector<double> distances(features.rows());
  if (distances.empty()) return distances;
  linalg::require_finite(rows.view(), "features", parallel::resolve_threads(threads));
  if (!model.subspace) return distances;
  subspace::Scratch scratch(features.cols());
  for (std::size_t i = 0; i < distances.size(); ++i) {
    distances[i] = subspace::distance(*model.subspace, rows.view().row(i), scratch);
  }
  return distances;
}

template <typename T>
model::Model calibrated_on(const model::Model& model, MatrixView<T> normals, int threads) {
  const auto rows = shifted(model, normals, "features", threads);
  auto held_out = model::hold_out(model, model::residual_of(model), rows.view(), parallel::resolve_threads(threads));
  return model::with_calibration(model, held_out);
}

void require_one(std::size_t rows) {
  if (rows != 1) throw InvalidInput(fmt::format("there are {} rows to explain; one is needed", rows));
}

void require_rows_of_fit(std::size_t rows, std::size_t cols, const FitReport& fit) {
  if (rows == fit.rows_seen && cols == fit.columns) return;
  throw InvalidInput(fmt::format("rows are {} x {}; the fit had {} x {}", rows, cols, fit.rows_seen, fit.columns));
}

void require_fitted_shape(std::size_t rows, std::size_t cols, std::size_t folds, const FitReport& fit) {
  if (folds < 2) throw InvalidParameter(fmt::format("folds is {}; valid: 2 or more", folds));
  if (rows != fit.rows_seen || cols != fit.columns) {
    throw InvalidInput(
        fmt::format("embeddings are {} x {}; cross-conformal calibration needs the {} x {} that the model was fitted "
                    "on (calibrate_from takes others)",
                    rows, cols, fit.rows_seen, fit.columns));
  }
}

std::shared_ptr<const model::Model> remembering(model::Model model, model::TrainingRows rows) {
  model.training_rows = std::move(rows);
  return std::make_shared<const model::Model>(std::move(model));
}

void require_no_weights(const KDEClassifierOptions& options, std::span<const double> weights) {
  if (!options.all_rows || weights.empty()) return;
  throw InvalidParameter("all_rows counts every row once; valid: no weights, or all_rows false");
}

void require_sample_of(const Sketch& sketch, const KDEClassifierOptions& options) {
  const SketchOptions& made = sketch.options();
  if (made.max_training_points != options.max_training_points || made.seed != options.seed) {
    throw InvalidParameter(fmt::format(
        "the sketch was made with max_training_points {} and seed {}, the classifier has {} and {}; they must be the "
        "same",
        made.max_training_points, made.seed, options.max_training_points, options.seed));
  }
  if (options.all_rows && !made.all_rows) {  // one that knows more than is needed is welcome
    throw InvalidParameter("the classifier has all_rows, and the sketch was made without it; both need it");
  }
  sketch.require_complete();
}

/// What the rows are called; their numbers in the data set where they have no names and are not all of it.
std::vector<std::string> names_in(const Sketch& sketch) {
  std::vector<std::string> names = sketch.row_names();
  const auto numbers = sketch.row_numbers();
  if (!names.empty() || numbers.empty() || numbers.back() + 1 == numbers.size()) return names;
  for (const std::uint64_t number : numbers) names.push_back(fmt::format("{}", number));
  return names;
}

model::FitSettings settings_for(bool pruning, int threads) { return {pruning, parallel::resolve_threads(threads)}; }

}  // namespace

KDEClassifier::KDEClassifier(KDEClassifierOptions options) : options_(options) { model::check_options(options_); }

// ---- fit and score ----

bool KDEClassifier::fit(EmbeddingsView embeddings, const FitProgress& progress) {
  return fit(embeddings, std::span<const double>(), progress);
}

bool KDEClassifier::fit(EmbeddingsView embeddings, std::span<const double> weights, const FitProgress& progress) {
  linalg::require_finite(embeddings, "embeddings", parallel::resolve_threads(threads_));
  require_no_weights(options_, weights);
  const sampling::RowWeights counts(weights, embeddings.rows());
  auto sample = model::TrainingSample::of(embeddings, options_, counts);
  sample.moments = model::moments_of_all(embeddings, options_, parallel::resolve_threads(threads_));
  return fit_sample(std::move(sample), {}, progress);
}

bool KDEClassifier::fit_doubles(MatrixView<double> embeddings, const FitProgress& progress,
                                std::span<const double> weights) {
  require_no_weights(options_, weights);
  const int threads = parallel::resolve_threads(threads_);
  const sampling::RowWeights counts(weights, embeddings.rows());
  auto sample = model::TrainingSample::of(EmbeddingsView(), options_, counts);
  auto shift = embeddings.empty() ? std::vector<double>()
                                  : model::choose_shift(linalg::Rows<double>(embeddings, sample.selected), threads);
  const model::ShiftedRows rows(embeddings, shift, threads);
  linalg::require_finite(rows.view(), "embeddings", threads);
  sample.memory = rows.view();
  sample.unrounded = model::some_rows(embeddings, sample.selected);
  sample.moments = model::moments_of_all(embeddings, options_, threads);
  return fit_sample(std::move(sample), std::move(shift), progress);
}

bool KDEClassifier::fit_sample(model::TrainingSample sample, std::vector<double> shift, const FitProgress& progress) {
  if (!model::has_enough_rows(sample.selected.size(), sample.memory.cols(), options_)) {
    model_.reset();
    return false;
  }
  model_ = std::make_shared<const model::Model>(
      model::fit(std::move(sample), options_, settings_for(pruning_, threads_), progress, std::move(shift)));
  return true;
}

bool KDEClassifier::fit(const Sketch& sketch, const FitProgress& progress) {
  require_sample_of(sketch, options_);
  const model::SketchSample rows(sketch, threads_);
  model::TrainingSample sample = rows.sample();
  if (!options_.all_rows) sample.moments.reset();
  return fit_sample(std::move(sample), rows.shift, progress);
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
  return scores(fitted(model_), features, as_log_likelihood, threads_);
}

std::vector<double> KDEClassifier::compute_doubles(MatrixView<double> features, bool as_log_likelihood) const {
  return scores(fitted(model_), features, as_log_likelihood, threads_);
}

bool KDEClassifier::takes_doubles() const { return !fitted(model_).shift.empty(); }

std::vector<double> KDEClassifier::outside(EmbeddingsView features) const {
  return distances_outside(fitted(model_), features, threads_);
}

std::vector<double> KDEClassifier::outside_doubles(MatrixView<double> features) const {
  return distances_outside(fitted(model_), features, threads_);
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
  require_one(row.rows());
  return explain_row(shifted(fitted(model_), row, "features", threads_).view(), nearest);
}

Explanation KDEClassifier::explain_doubles(MatrixView<double> row, std::size_t nearest) const {
  require_one(row.rows());
  return explain_row(shifted(fitted(model_), row, "features", threads_).view(), nearest);
}

Explanation KDEClassifier::explain_row(EmbeddingsView row, std::size_t nearest) const {
  const auto log_density = scoring::log_densities(*model_, row, 1, "features");  // checks the row
  Explanation result = explanation::explain(*model_, row, log_density[0], nearest);
  result.probability = compute_probabilities(log_density)[0];
  if (is_calibrated()) result.p_value = calibration().p_values(log_density)[0];
  return result;
}

// ---- calibration and threshold ----

template <typename T>
std::vector<double> KDEClassifier::calibrate_rows(MatrixView<T> embeddings, std::span<const double> weights,
                                                  std::size_t folds, const FitProgress& progress) {
  const FitReport& fit = report();
  const sampling::RowWeights counts(weights, embeddings.rows());
  if (!counts.are_whole() || !model_->first().kde.references.weights.empty()) {
    throw InvalidParameter(
        "calibration by refits takes only whole numbers as weights; calibrate on other normal rows instead");
  }
  require_fitted_shape(counts.repeated_count(), embeddings.cols(), folds, fit);
  const auto rows = shifted(*model_, embeddings, "embeddings", threads_);
  if (weights.empty() && embeddings.rows() <= options_.max_training_points) {
    return calibrate_sample(rows.view(), folds, progress);
  }
  // The rows that the fit left out are no part of the model that is calibrated.
  const auto moments = model::moments_of_all(embeddings, options_, parallel::resolve_threads(threads_));
  return calibrate_sample(model::TrainingSample::of(rows.view(), options_, counts).copy(), folds, progress,
                          moments.get());
}

std::vector<double> KDEClassifier::calibrate(EmbeddingsView embeddings, std::size_t folds,
                                             const FitProgress& progress) {
  return calibrate_rows(embeddings, {}, folds, progress);
}

std::vector<double> KDEClassifier::calibrate(EmbeddingsView embeddings, std::span<const double> weights,
                                             std::size_t folds, const FitProgress& progress) {
  return calibrate_rows(embeddings, weights, folds, progress);
}

std::vector<double> KDEClassifier::calibrate_doubles(MatrixView<double> embeddings, std::size_t folds,
                                                     const FitProgress& progress, std::span<const double> weights) {
  return calibrate_rows(embeddings, weights, folds, progress);
}

std::vector<double> KDEClassifier::calibrate(const Sketch& sketch, std::size_t folds, const FitProgress& progress) {
  require_fitted_shape(sketch.rows_seen(), sketch.columns(), folds, report());
  require_sample_of(sketch, options_);
  const model::SketchSample sample(sketch, model_->shift, threads_);
  return calibrate_sample(sample.rows, folds, progress, options_.all_rows ? sample.moments.get() : nullptr);
}

std::vector<double> KDEClassifier::calibrate_sample(EmbeddingsView rows, std::size_t folds, const FitProgress& progress,
                                                    const linalg::ExactMoments* moments) {
  auto held_out =
      model::cross_conformal(*model_, rows, folds, options_, settings_for(pruning_, threads_), progress, moments);
  model_ = std::make_shared<const model::Model>(model::with_calibration(*model_, held_out));
  return std::move(held_out.log_densities);
}

void KDEClassifier::calibrate_from(EmbeddingsView normals) {
  model_ = std::make_shared<const model::Model>(calibrated_on(fitted(model_), normals, threads_));
}

void KDEClassifier::calibrate_from_doubles(MatrixView<double> normals) {
  model_ = std::make_shared<const model::Model>(calibrated_on(fitted(model_), normals, threads_));
}

void KDEClassifier::calibrate_from(const NormalRows& normals) {
  if (normals.impl_->model->members.front().pipeline != fitted(model_).members.front().pipeline) {
    throw InvalidParameter("the normal rows were gathered for another model");
  }
  auto held_out = normals.impl_->scores;
  model_ = std::make_shared<const model::Model>(model::with_calibration(*model_, held_out));
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
  if (!threshold) throw NotFitted("the classifier has no threshold; call set_threshold first");
  return *threshold;
}

// ---- settings, report, files ----

const FitReport& KDEClassifier::report() const { return fitted(model_).report; }

void KDEClassifier::set_column_names(std::vector<std::string> names, std::vector<std::string> left_out) {
  model::Model changed = fitted(model_);
  model::check_column_names(names, left_out, changed.columns());
  model::name_suspicious_columns(changed.report, names);
  changed.column_names = std::move(names);
  changed.left_out_columns = std::move(left_out);
  model_ = std::make_shared<const model::Model>(std::move(changed));
}

const std::vector<std::string>& KDEClassifier::column_names() const { return fitted(model_).column_names; }

const std::vector<std::string>& KDEClassifier::left_out_columns() const { return fitted(model_).left_out_columns; }

template <typename T>
void KDEClassifier::remember(MatrixView<T> rows, std::span<const double> weights,
                             const std::vector<std::string>& names) {
  const FitReport& fit = report();
  if (!names.empty() && names.size() != rows.rows()) {
    throw InvalidParameter(
        fmt::format("{} names for {} rows; one a row is needed, or none", names.size(), rows.rows()));
  }
  const auto in_memory = shifted(*model_, rows, "rows", threads_);
  const sampling::RowWeights counts(weights, rows.rows());
  const auto sample = model::TrainingSample::of(in_memory.view(), options_, counts);
  require_rows_of_fit(sample.rows_seen, rows.cols(), fit);
  std::vector<std::string> kept;
  for (std::size_t i = 0; !names.empty() && i < sample.selected.size(); ++i) kept.push_back(names[sample.selected[i]]);
  model::Model named = *model_;
  model::name_suspicious_rows(named.report, names);
  model_ = remembering(std::move(named), model::make_training_rows(sample.rows(), std::move(kept)));
}

void KDEClassifier::remember_rows(EmbeddingsView rows, const std::vector<std::string>& names) {
  remember(rows, {}, names);
}

void KDEClassifier::remember_rows(EmbeddingsView rows, std::span<const double> weights,
                                  const std::vector<std::string>& names) {
  remember(rows, weights, names);
}

void KDEClassifier::remember_doubles(MatrixView<double> rows, std::span<const double> weights,
                                     const std::vector<std::string>& names) {
  remember(rows, weights, names);
}

void KDEClassifier::remember_rows(const Sketch& sketch) {
  require_rows_of_fit(sketch.rows_seen(), sketch.columns(), report());
  const model::SketchSample sample(sketch, model_->shift, threads_);
  model::Model named = *model_;
  model::name_suspicious_rows(named.report, sketch.row_names(), sketch.row_numbers());
  model_ = remembering(std::move(named),
                       model::make_training_rows(linalg::Rows<float>(sample.rows.view()), names_in(sketch)));
}

const std::vector<std::string>& KDEClassifier::row_names() const { return fitted(model_).training_rows.names; }

TrainedOn KDEClassifier::trained_on(EmbeddingsView rows) const {
  return model::count_trained_on(fitted(model_).training_rows, shifted(*model_, rows, "rows", threads_).view());
}

TrainedOn KDEClassifier::trained_on_doubles(MatrixView<double> rows) const {
  return model::count_trained_on(fitted(model_).training_rows, shifted(*model_, rows, "rows", threads_).view());
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
