#include "model/subspace_judge.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace kernad::model {
namespace {

std::vector<double> negated(std::vector<double> values) {
  std::ranges::transform(values, values.begin(), [](double x) { return 0.0 - x; });
  return values;
}

}  // namespace

SubspaceJudge::SubspaceJudge(std::vector<double> log_densities, const std::vector<double>& distances)
    : densities(std::move(log_densities)), insides(negated(distances)) {}

double SubspaceJudge::log_density(double log_density, double distance) const {
  return distance == 0 ? log_density : ensemble::combine(densities, insides, log_density, -distance);
}

JudgedScorer::JudgedScorer(std::unique_ptr<scoring::BlockScorer> density, const subspace::Subspace& subspace,
                           const SubspaceJudge& judge)
    : density_(std::move(density)), subspace_(subspace), judge_(judge), scratch_(subspace.mean.size()) {}

void JudgedScorer::score(EmbeddingsView block, std::size_t first, double* out, parallel::Pool* pool) {
  density_->score(block, first, out, pool);
  for (std::size_t i = 0; i < block.rows(); ++i) {
    out[i] = judge_.log_density(out[i], subspace::distance(subspace_, block.row(i), scratch_));
  }
}

}  // namespace kernad::model
