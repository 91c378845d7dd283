// The subspace of the training rows, and its part in a verdict, as tensors.
#pragma once

#include "kernad/state_dict.hpp"
#include "model/model.hpp"
#include "serialise/tensor_reader.hpp"

namespace kernad::serialise {

/// Nothing if the model has none.
void write_subspace(const model::Model& model, StateDict& dict);

/// Sets subspace and judge of an otherwise complete model, if the file has them. Throws InvalidInput naming the tensor
/// that is wrong.
void read_subspace(const TensorReader& reader, model::Model& model);

}  // namespace kernad::serialise
