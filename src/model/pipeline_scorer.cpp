#include "model/pipeline_scorer.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/finite.hpp"
#include "scaling/scaling.hpp"

namespace kernad::model {

PipelineScorer::PipelineScorer(const Model& model, std::size_t workers)
    : state_(*model.state),
      method_(model.method),
      density_(state_.kde, workers),
      second_(state_.committee ? std::make_unique<PipelineScorer>(Model{&state_.committee->second, method_}, workers)
                               : nullptr),
      block_rows_(second_ ? std::min(density_.block_rows(), second_->block_rows()) : density_.block_rows()),
      second_scores_(second_ ? block_rows_ : 0),
      features_(density_.block_rows() * state_.pca.projection.output_stride()),
      whitened_(density_.block_rows() * state_.kde.whitening.output_stride()),
      scratch_(std::max(state_.pca.projection.scratch_size(), state_.kde.whitening.scratch_size())) {}

void PipelineScorer::score(EmbeddingsView block, std::size_t first, EmbeddingsView all, double* out,
                           parallel::Pool* pool) {
  score_alone(block, first, all, out, pool);
  if (!second_) return;
  second_->score_alone(block, first, all, second_scores_.data(), pool);
  const Committee& committee = *state_.committee;
  for (std::size_t i = 0; i < block.rows(); ++i) {
    out[i] = committee::combine(committee.first_tail, committee.second_tail, out[i], second_scores_[i]);
  }
}

void PipelineScorer::score_alone(EmbeddingsView block, std::size_t first, EmbeddingsView all, double* out,
                                 parallel::Pool* pool) {
  const auto& kernels = kernels::active();
  const auto& pca = state_.pca.projection;
  const auto& whitening = state_.kde.whitening;
  state_.pca.apply(kernels, block, features_.data(), scratch_.data());
  for (std::size_t i = 0; i < block.rows(); ++i) {
    const double* row = features_.data() + i * pca.output_stride();
    if (!std::all_of(row, row + pca.outputs(), [](double x) { return std::isfinite(x); })) {
      linalg::throw_not_finite(all, first + i, "features");
    }
  }
  scaling::scale_rows(method_, state_.max_length, features_.data(), block.rows(), pca.outputs(), pca.output_stride());
  whitening.apply(kernels, MatrixView<double>(features_.data(), block.rows(), pca.outputs(), pca.output_stride()),
                  whitened_.data(), scratch_.data());
  density_.score(kernels, whitened_.data(), whitening.output_stride(), block.rows(), out, pool);
}

}  // namespace kernad::model
