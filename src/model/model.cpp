#include "model/model.hpp"

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
  auto density = make_density_scorer(workers);
  if (!judge) return density;
  return std::make_unique<JudgedScorer>(std::move(density), *subspace, *judge);
}

Model with_pruning(const Model& model, const FitSettings& settings) {
  Model changed = model;
  for (Member& member : changed.members) {
    member.pipeline = std::make_shared<const Pipeline>(with_pruning(*member.pipeline, settings));
  }
  return changed;
}

HeldOut hold_out(const Model& model, EmbeddingsView rows, int threads) {
  Model unjudged = model;
  unjudged.judge.reset();
  HeldOut result{scoring::log_densities(unjudged, rows, threads, "features"), {}, 0, {}};
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
