// What a loaded state must be beyond the shape and finiteness of its tensors.
#pragma once

#include "model/model_state.hpp"

namespace kernad::model {

/// Throws InvalidInput naming the tensor when an axis or a whitening direction is zero, when the whitening has lost
/// rank, when log_norm is not the constant of the whitening, when variances are not, or when a finite query could leave
/// double.
void check_state(const State& state, FeatureScalingMethod method);

}  // namespace kernad::model
