// Calibration and threshold on their way into a model file and back.
#pragma once

#include "model/model_state.hpp"

namespace kernad::calibration {

/// Adds tensor and metadata of what the state has of them.
void write(const model::State& state, StateDict& dict);

/// Takes them over. log_densities: the tensor of that name, or null. Throws InvalidInput naming tensor or key when the
/// log-densities are not one dimension of finite, ascending values, or the threshold is none that set_threshold takes.
void read(const Tensor* log_densities, const StateDict& dict, model::State& state);

}  // namespace kernad::calibration
