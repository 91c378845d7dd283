// Embeddings to log-densities by two pipelines that judge together.
#pragma once

#include <cstddef>
#include <vector>

#include "model/model.hpp"
#include "model/pipeline_scorer.hpp"
#include "scoring/block_scorer.hpp"

namespace kernad::model {

class EnsembleScorer final : public scoring::BlockScorer {
 public:
  EnsembleScorer(const Member& first, const Member& second, std::size_t workers);

  [[nodiscard]] std::size_t max_rows() const override { return second_scores_.size(); }
  [[nodiscard]] bool prunes() const override { return first_scorer_.prunes() || second_scorer_.prunes(); }
  void score(EmbeddingsView block, std::size_t first, double* out, parallel::Pool* pool) override;

 private:
  const ensemble::TailRank& first_tail_;
  const ensemble::TailRank& second_tail_;
  PipelineScorer first_scorer_;
  PipelineScorer second_scorer_;
  std::vector<double> second_scores_;
};

}  // namespace kernad::model
