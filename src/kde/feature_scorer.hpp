// Features to log-densities: whitening, then the density.
#pragma once

#include <cstddef>

#include "kde/density_scorer.hpp"
#include "kde/kde_state.hpp"
#include "kernad/matrix.hpp"
#include "linalg/finite.hpp"

namespace kernad::kde {

/// A block scorer of BatchScorer for what GaussianKDE takes.
class FeatureScorer {
 public:
  struct Model {
    const State* state;
  };

  FeatureScorer(const Model& model, std::size_t workers)
      : whitening_(model.state->whitening),
        density_(*model.state, workers),
        whitened_(density_.block_rows() * whitening_.output_stride()),
        scratch_(whitening_.scratch_size()) {}

  [[nodiscard]] bool prunes() const { return density_.prunes(); }
  [[nodiscard]] std::size_t block_rows() const { return density_.block_rows(); }

  /// Throws InvalidInput naming the row and column, counted in `all`, of a value that is not finite.
  void score(EmbeddingsView block, std::size_t first, EmbeddingsView all, double* out, parallel::Pool* pool) {
    const auto& kernels = kernels::active();
    for (std::size_t i = 0; i < block.rows(); ++i) {
      if (!linalg::is_finite(block.row(i))) linalg::throw_not_finite(all, first + i, "queries");
    }
    whitening_.apply(kernels, block, whitened_.data(), scratch_.data());
    density_.score(kernels, whitened_.data(), whitening_.output_stride(), block.rows(), out, pool);
  }

 private:
  const kernels::Projection& whitening_;
  DensityScorer density_;
  kernels::AlignedVector<double> whitened_;
  kernels::AlignedVector<double> scratch_;
};

}  // namespace kernad::kde
