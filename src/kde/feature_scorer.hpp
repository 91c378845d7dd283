// Features to log-densities: whitening, then the density.
#pragma once

#include <cstddef>

#include "kde/density_scorer.hpp"
#include "kde/kde_state.hpp"
#include "scoring/block_scorer.hpp"

namespace kernad::kde {

/// Takes the features that GaussianKDE takes.
class FeatureScorer final : public scoring::BlockScorer {
 public:
  FeatureScorer(const State& state, std::size_t workers);

  [[nodiscard]] std::size_t max_rows() const override { return density_.block_rows(); }
  [[nodiscard]] bool prunes() const override { return density_.prunes(); }
  void score(EmbeddingsView block, std::size_t first, double* out, parallel::Pool* pool) override;

 private:
  const kernels::Projection& whitening_;
  DensityScorer density_;
  kernels::AlignedVector<double> whitened_;
  kernels::AlignedVector<double> scratch_;
};

}  // namespace kernad::kde
