// One fitted pipeline: PCA, scaling, density.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "kde/kde_state.hpp"
#include "kernad/classifier_options.hpp"
#include "linalg/rows.hpp"
#include "pca/pca_state.hpp"
#include "scoring/block_scorer.hpp"

namespace kernad::model {

/// Does not contain another pipeline: a Model combines them.
struct Pipeline {
  pca::State pca;
  FeatureScalingMethod scaling = FeatureScalingMethod::scale;
  double max_length = 1;  ///< length of the longest training row after PCA, the divisor of `scale`
  kde::State kde;

  /// D, the number of columns of the embeddings.
  [[nodiscard]] std::size_t columns() const { return pca.mean.size(); }
  /// Scores embeddings. The pipeline must outlive it.
  [[nodiscard]] std::unique_ptr<scoring::BlockScorer> make_scorer(std::size_t workers) const;
};

/// How a fit runs, as opposed to what it estimates: results do not depend on threads, and change by at most 1e-5 with
/// pruning.
struct FitSettings {
  bool pruning = true;  ///< see kde::make_reference_set
  int threads = 1;
};

/// rows: finite, at least one. projected: called when the components are known. moments: which PCA and standardisation
/// take in place of those of the rows; null: none. Throws InvalidInput when all rows are
/// identical.
[[nodiscard]] Pipeline fit_pipeline(
    const linalg::Rows<float>& rows, const KDEClassifierOptions& options, const FitSettings& settings,
    const std::function<void()>& projected = [] {}, const linalg::RowMoments* moments = nullptr);

/// The same pipeline with its references rebuilt.
[[nodiscard]] Pipeline with_pruning(const Pipeline& pipeline, const FitSettings& settings);

}  // namespace kernad::model
