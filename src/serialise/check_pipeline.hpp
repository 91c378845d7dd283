// What a loaded pipeline must be beyond the shape and finiteness of its tensors.
#pragma once

#include "model/pipeline.hpp"

namespace kernad::serialise {

/// Throws InvalidInput naming the tensor when an axis or a whitening direction is zero, when the whitening has lost
/// rank, when log_norm is not the constant of the whitening, when variances are not, or when a finite query could leave
/// double.
void check_pipeline(const model::Pipeline& pipeline);

}  // namespace kernad::serialise
