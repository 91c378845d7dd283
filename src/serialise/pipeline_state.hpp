// One pipeline as tensors, under anomalib's names and additional ones of kernad.
#pragma once

#include "kernad/feature_scaling_method.hpp"
#include "kernad/state_dict.hpp"
#include "model/pipeline.hpp"
#include "serialise/tensor_reader.hpp"

namespace kernad::serialise {

[[nodiscard]] std::map<std::string, Tensor, std::less<>> pipeline_tensors(const model::Pipeline& pipeline);

/// Throws InvalidInput naming the tensor that is missing or wrong.
[[nodiscard]] model::Pipeline read_pipeline(const TensorReader& reader, FeatureScalingMethod scaling,
                                            const model::FitSettings& settings);

}  // namespace kernad::serialise
