#include "model/ensemble_scorer.hpp"

#include <algorithm>

namespace kernad::model {

EnsembleScorer::EnsembleScorer(const Member& first, const Member& second, std::size_t workers)
    : first_tail_(first.tail),
      second_tail_(second.tail),
      first_scorer_(first.pipeline->make_scorer(workers)),
      second_scorer_(second.pipeline->make_scorer(workers)),
      second_scores_(std::min(first_scorer_->max_rows(), second_scorer_->max_rows())) {}

void EnsembleScorer::score(EmbeddingsView block, std::size_t first, double* out, parallel::Pool* pool) {
  first_scorer_->score(block, first, out, pool);
  second_scorer_->score(block, first, second_scores_.data(), pool);
  for (std::size_t i = 0; i < block.rows(); ++i) {
    out[i] = ensemble::combine(first_tail_, second_tail_, out[i], second_scores_[i]);
  }
}

}  // namespace kernad::model
