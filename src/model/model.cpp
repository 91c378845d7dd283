#include "model/model.hpp"

#include <numeric>
#include <utility>

#include "model/ensemble_scorer.hpp"

namespace kernad::model {

std::size_t Model::multiply_adds() const {
  return std::accumulate(members.begin(), members.end(), std::size_t{0}, [](std::size_t sum, const Member& member) {
    return sum + member.pipeline->kde.multiply_adds();
  });
}

std::unique_ptr<scoring::BlockScorer> Model::make_scorer(std::size_t workers) const {
  if (is_ensemble()) return std::make_unique<EnsembleScorer>(members[0], members[1], workers);
  return first().make_scorer(workers);
}

Model with_pruning(const Model& model, const FitSettings& settings) {
  Model changed = model;
  for (Member& member : changed.members) {
    member.pipeline = std::make_shared<const Pipeline>(with_pruning(*member.pipeline, settings));
  }
  return changed;
}

Model with_calibration(const Model& model, Calibration calibration) {
  Model changed = model;
  if (changed.threshold && changed.threshold->rule == ThresholdRule::target_fpr) {
    changed.threshold = Threshold::at_target_fpr(changed.threshold->value, calibration);
  }
  changed.calibration = std::move(calibration);
  return changed;
}

}  // namespace kernad::model
