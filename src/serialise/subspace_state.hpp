// The subspace of the training rows, and how it counts in a verdict, as tensors.
#pragma once

#include "kernad/state_dict.hpp"
#include "model/model.hpp"
#include "serialise/tensor_reader.hpp"

namespace kernad::serialise {

/// Nothing where the model has none.
void write_subspace(const model::Model& model, StateDict& dict);

/// Sets subspace and judge of a model that is complete otherwise, where the file has them. Throws InvalidInput naming
/// the tensor that is wrong.
void read_subspace(const TensorReader& reader, model::Model& model);

}  // namespace kernad::serialise
