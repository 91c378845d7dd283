// Training rows to the fitted pipeline.
#pragma once

#include <functional>

#include "linalg/rows.hpp"
#include "model/model_state.hpp"

namespace kernad::model {

/// PCA, scaling and density; no report yet. projected: called when the components are known.
[[nodiscard]] State fit_pipeline(
    const linalg::Rows<float>& rows, const KDEClassifierOptions& options, bool pruning, int threads,
    const std::function<void()>& projected = [] {});

/// rows_seen: rows given, of which the state's were sampled.
[[nodiscard]] FitReport make_report(const State& state, std::size_t rows_seen, const KDEClassifierOptions& options);

}  // namespace kernad::model
