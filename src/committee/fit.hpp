// The second pipeline of a committee, beside a fitted first one.
#pragma once

#include "linalg/rows.hpp"
#include "model/model_state.hpp"

namespace kernad::committee {

/// Makes a committee of `first`, which first_expert's options fitted on the same rows, and writes into its report what
/// was chosen.
void add_second(model::State& first, const linalg::Rows<float>& rows, const KDEClassifierOptions& options, bool pruning,
                int threads);

}  // namespace kernad::committee
