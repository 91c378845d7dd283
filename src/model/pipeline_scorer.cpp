#include "model/pipeline_scorer.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/finite.hpp"
#include "scaling/scaling.hpp"

namespace kernad::model {

PipelineScorer::PipelineScorer(const Pipeline& pipeline, std::size_t workers)
    : pipeline_(pipeline),
      density_(pipeline.kde, workers),
      features_(density_.block_rows() * pipeline.pca.projection.output_stride()),
      whitened_(density_.block_rows() * pipeline.kde.whitening.output_stride()),
      scratch_(std::max(pipeline.pca.projection.scratch_size(), pipeline.kde.whitening.scratch_size())) {}

void PipelineScorer::score(EmbeddingsView block, std::size_t first, double* out, parallel::Pool* pool) {
  const auto& kernels = kernels::active();
  const auto& projection = pipeline_.pca.projection;
  const auto& whitening = pipeline_.kde.whitening;
  pipeline_.pca.apply(kernels, block, features_.data(), scratch_.data());
  for (std::size_t i = 0; i < block.rows(); ++i) {
    const double* row = features_.data() + i * projection.output_stride();
    if (!std::all_of(row, row + projection.outputs(), [](double x) { return std::isfinite(x); })) {
      linalg::throw_not_finite(block.row(i), first + i, "features");
    }
  }
  scaling::scale_rows(pipeline_.scaling, pipeline_.max_length, features_.data(), block.rows(), projection.outputs(),
                      projection.output_stride());
  whitening.apply(kernels,
                  MatrixView<double>(features_.data(), block.rows(), projection.outputs(), projection.output_stride()),
                  whitened_.data(), scratch_.data());
  density_.score(kernels, whitened_.data(), whitening.output_stride(), block.rows(), out, pool);
}

double PipelineScorer::exactly(std::size_t row) {
  return density_.exactly(kernels::active(), whitened_.data() + row * pipeline_.kde.whitening.output_stride());
}

std::unique_ptr<scoring::BlockScorer> Pipeline::make_scorer(std::size_t workers) const {
  return std::make_unique<PipelineScorer>(*this, workers);
}

}  // namespace kernad::model
