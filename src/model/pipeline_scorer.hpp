// Embeddings to log-densities: a fitted pipeline from end to end.
#pragma once

#include <cstddef>

#include "kde/density_scorer.hpp"
#include "model/pipeline.hpp"
#include "scoring/block_scorer.hpp"

namespace kernad::model {

class PipelineScorer final : public scoring::BlockScorer {
 public:
  PipelineScorer(const Pipeline& pipeline, std::size_t workers);

  [[nodiscard]] std::size_t max_rows() const override { return density_.block_rows(); }
  [[nodiscard]] bool prunes() const override { return density_.prunes(); }
  void score(EmbeddingsView block, std::size_t first, double* out, parallel::Pool* pool) override;
  /// The log-density of a row of the last block, by its number there, from sums in double.
  [[nodiscard]] double exactly(std::size_t row);

 private:
  const Pipeline& pipeline_;
  kde::DensityScorer density_;
  kernels::AlignedVector<double> features_;
  kernels::AlignedVector<double> whitened_;
  kernels::AlignedVector<double> scratch_;
};

}  // namespace kernad::model
