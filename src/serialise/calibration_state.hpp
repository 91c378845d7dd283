// Calibration and threshold as tensors and metadata.
#pragma once

#include "kernad/state_dict.hpp"
#include "model/model.hpp"
#include "serialise/tensor_reader.hpp"

namespace kernad::serialise {

/// Adds the tensor and the metadata for whatever the model has of the two.
void write_calibration(const model::Model& model, StateDict& dict);

/// Puts them into the model. Throws InvalidInput naming tensor or key when the log-densities are not one dimension of
/// finite, ascending values, or KDEClassifier::set_threshold would refuse the threshold.
void read_calibration(const TensorReader& reader, const StateDict& dict, model::Model& model);

}  // namespace kernad::serialise
