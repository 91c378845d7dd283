// Embeddings to log-densities: the fitted pipeline from end to end.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "kde/density_scorer.hpp"
#include "kernad/feature_scaling_method.hpp"
#include "kernad/matrix.hpp"
#include "model/model_state.hpp"
#include "parallel/pool.hpp"

namespace kernad::model {

/// A block scorer of kde::BatchScorer for what the classifier takes.
class PipelineScorer {
 public:
  struct Model {
    const State* state;
    FeatureScalingMethod method;
  };

  PipelineScorer(const Model& model, std::size_t workers);

  [[nodiscard]] bool prunes() const { return density_.prunes() || (second_ && second_->prunes()); }
  [[nodiscard]] std::size_t block_rows() const { return block_rows_; }

  /// Throws InvalidInput naming the row and column, counted in `all`, of a value that is not finite.
  void score(EmbeddingsView block, std::size_t first, EmbeddingsView all, double* out, parallel::Pool* pool);

 private:
  void score_alone(EmbeddingsView block, std::size_t first, EmbeddingsView all, double* out, parallel::Pool* pool);

  const State& state_;
  FeatureScalingMethod method_;
  kde::DensityScorer density_;
  std::unique_ptr<PipelineScorer> second_;  // of a committee
  std::size_t block_rows_;
  std::vector<double> second_scores_;
  kernels::AlignedVector<double> features_;
  kernels::AlignedVector<double> whitened_;
  kernels::AlignedVector<double> scratch_;
};

}  // namespace kernad::model
