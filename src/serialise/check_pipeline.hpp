// What a loaded pipeline must satisfy beyond the shape and finiteness of its tensors.
#pragma once

#include "model/pipeline.hpp"

namespace kernad::serialise {

/// Throws InvalidInput naming the tensor when an axis or a whitening direction is zero, when the whitening has lost
/// rank, when log_norm does not match the whitening, when variances are invalid, or when a finite query could leave the
/// range of double.
void check_pipeline(const model::Pipeline& pipeline);

}  // namespace kernad::serialise
