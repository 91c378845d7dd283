#include "model/model.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "model/ensemble_scorer.hpp"
#include "scoring/batch_scorer.hpp"

namespace kernad::model {
namespace {

std::vector<double> without(std::vector<double> values, const std::vector<std::size_t>& places) {
  for (auto place = places.rbegin(); place != places.rend(); ++place) {
    values.erase(values.begin() + static_cast<std::ptrdiff_t>(*place));
  }
  return values;
}

/// Log-densities become those that the judge of residuals makes of them.
std::optional<ResidualJudge> judge_residuals(const Model& model, HeldOut& held_out) {
  auto& log_densities = held_out.log_densities;
  const auto& left_out = held_out.left_out;
  if (held_out.residuals.empty()) return std::nullopt;
  const auto normal = without(log_densities, left_out);
  const auto residuals = without(held_out.residuals, left_out);
  const ResidualLine line(normal, residuals);
  if (line.slope == 0) return std::nullopt;
  const auto of_normal = judged(normal, residuals);
  for (std::size_t i = 0, next = 0; i < log_densities.size(); ++i) {
    const bool is_left_out = std::ranges::binary_search(left_out, i);
    log_densities[i] = is_left_out ? line.log_density(log_densities[i], held_out.residuals[i]) : of_normal[next++];
  }
  return ResidualJudge{residual_of(model), line};
}

}  // namespace

std::size_t Model::multiply_adds() const {
  return std::accumulate(members.begin(), members.end(), std::size_t{0}, [](std::size_t sum, const Member& member) {
    return sum + member.pipeline->kde.multiply_adds();
  });
}

std::unique_ptr<scoring::BlockScorer> Model::make_density_scorer(std::size_t workers) const {
  if (is_ensemble()) return std::make_unique<EnsembleScorer>(members[0], members[1], workers);
  return first().make_scorer(workers);
}

std::unique_ptr<scoring::BlockScorer> Model::make_scorer(std::size_t workers) const {
  auto scorer = make_density_scorer(workers);
  if (residual_judge) scorer = std::make_unique<ResidualScorer>(std::move(scorer), *residual_judge);
  if (judge) scorer = std::make_unique<JudgedScorer>(std::move(scorer), *subspace, *judge);
  return scorer;
}

Model with_pruning(const Model& model, const FitSettings& settings) {
  Model changed = model;
  for (Member& member : changed.members) {
    member.pipeline = std::make_shared<const Pipeline>(with_pruning(*member.pipeline, settings));
  }
  return changed;
}

std::shared_ptr<const pca::Residual> residual_of(const Model& model) {
  if (model.is_ensemble()) {
    const Pipeline& second = *model.members[1].pipeline;
    const std::size_t rows = second.kde.references.rows;
    const std::size_t axes = pca::faint_axes(second.pca, rows);
    if (axes == 0) return nullptr;
    return std::make_shared<const pca::Residual>(
        pca::Residual::along_last(second.pca, axes, static_cast<double>(rows)));
  }
  const pca::State& pca = model.first().pca;
  if (pca.residual_dimensions != 0 || pca.singular_vectors.cols() == model.columns()) return nullptr;
  return std::make_shared<const pca::Residual>(pca::Residual::outside(pca));
}

std::shared_ptr<const pca::Residual> residual_like(const pca::Residual& residual, const Model& model) {
  if (residual.axes() == 0) return std::make_shared<const pca::Residual>(pca::Residual::outside(model.first().pca));
  const Pipeline& second = *model.members[1].pipeline;
  const std::size_t axes = std::min(residual.axes(), second.pca.singular_values.size());
  return std::make_shared<const pca::Residual>(
      pca::Residual::along_last(second.pca, axes, static_cast<double>(second.kde.references.rows)));
}

HeldOut hold_out(const Model& model, const std::shared_ptr<const pca::Residual>& residual, EmbeddingsView rows,
                 int threads) {
  Model unjudged = model;
  unjudged.residual_judge.reset();
  unjudged.judge.reset();
  HeldOut result;
  result.log_densities = scoring::log_densities(unjudged, rows, threads, "features");
  if (residual) result.residuals = residuals(*residual, rows, threads);
  if (!model.subspace) return result;
  subspace::Scratch scratch(rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    result.distances.push_back(subspace::distance(*model.subspace, rows.row(i), scratch));
  }
  return result;
}

Model with_calibration(const Model& model, HeldOut& held_out) {
  Model changed = model;
  changed.judge.reset();
  changed.residual_judge = judge_residuals(model, held_out);
  auto& log_densities = held_out.log_densities;
  const auto& left_out = held_out.left_out;
  if (model.subspace && !log_densities.empty()) {
    changed.judge.emplace(without(log_densities, left_out), without(held_out.distances, left_out));
    for (std::size_t i = 0; i < log_densities.size(); ++i) {
      log_densities[i] = changed.judge->log_density(log_densities[i], held_out.distances[i]);
    }
  }
  Calibration calibration(without(log_densities, left_out), held_out.folds);
  if (changed.threshold && changed.threshold->rule == ThresholdRule::target_fpr) {
    changed.threshold = Threshold::at_target_fpr(changed.threshold->value, calibration);
  }
  changed.calibration = std::move(calibration);
  return changed;
}

}  // namespace kernad::model
