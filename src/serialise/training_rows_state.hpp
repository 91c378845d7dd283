// The names and hashes of a model's training rows as tensors, and back.
#pragma once

#include "kernad/state_dict.hpp"
#include "model/model.hpp"
#include "serialise/tensor_reader.hpp"

namespace kernad::serialise {

/// Nothing for a model without them.
void write_training_rows(const model::Model& model, StateDict& dict);

/// After the report. Throws InvalidInput naming the tensor for anything but one name for each row of the sample, or
/// hashes that do not ascend.
void read_training_rows(const TensorReader& reader, model::Model& model);

}  // namespace kernad::serialise
