#include "kde/feature_scorer.hpp"

#include "linalg/finite.hpp"

namespace kernad::kde {

FeatureScorer::FeatureScorer(const State& state, std::size_t workers)
    : whitening_(state.whitening),
      density_(state, workers),
      whitened_(density_.block_rows() * whitening_.output_stride()),
      scratch_(whitening_.scratch_size()) {}

void FeatureScorer::score(EmbeddingsView block, std::size_t first, double* out, parallel::Pool* pool) {
  const auto& kernels = kernels::active();
  for (std::size_t i = 0; i < block.rows(); ++i) {
    if (!linalg::is_finite(block.row(i))) linalg::throw_not_finite(block.row(i), first + i, "queries");
  }
  whitening_.apply(kernels, block, whitened_.data(), scratch_.data());
  density_.score(kernels, whitened_.data(), whitening_.output_stride(), block.rows(), out, pool);
}

std::size_t State::multiply_adds() const { return references.packed.values.size(); }

std::unique_ptr<scoring::BlockScorer> State::make_scorer(std::size_t workers) const {
  return std::make_unique<FeatureScorer>(*this, workers);
}

}  // namespace kernad::kde
