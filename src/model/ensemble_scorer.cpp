#include "model/ensemble_scorer.hpp"

#include <algorithm>
#include <cmath>

namespace kernad::model {
namespace {

/// What sums in float32 lose of a log-density. Where training rows are much closer to each other under the second
/// density than under the first, joining them amplifies it beyond the promise of docs/numerics.md: about one row of
/// 700.
constexpr double kRounding = 4e-6;
constexpr double kAllowed = 1e-4;
constexpr double kRelativelyAllowed = 1e-6;

}  // namespace

EnsembleScorer::EnsembleScorer(const Member& first, const Member& second, std::size_t workers)
    : first_tail_(first.tail),
      second_tail_(second.tail),
      first_scorer_(*first.pipeline, workers),
      second_scorer_(*second.pipeline, workers),
      second_scores_(std::min(first_scorer_.max_rows(), second_scorer_.max_rows())) {}

void EnsembleScorer::score(EmbeddingsView block, std::size_t first, double* out, parallel::Pool* pool) {
  first_scorer_.score(block, first, out, pool);
  second_scorer_.score(block, first, second_scores_.data(), pool);
  for (std::size_t i = 0; i < block.rows(); ++i) {
    const auto with = [&](double second) { return ensemble::combine(first_tail_, second_tail_, out[i], second); };
    const double joined = with(second_scores_[i]);
    const double allowed = std::max(kAllowed, kRelativelyAllowed * std::abs(joined));
    const bool amplifies = with(second_scores_[i] + kRounding) - joined > allowed ||
                           joined - with(second_scores_[i] - kRounding) > allowed;
    out[i] = amplifies ? with(second_scorer_.exactly(i)) : joined;
  }
}

}  // namespace kernad::model
