// How the residual of a row counts in a verdict, as a tensor.
#pragma once

#include "kernad/state_dict.hpp"
#include "model/model.hpp"
#include "serialise/tensor_reader.hpp"

namespace kernad::serialise {

/// Nothing where the model has no such judge.
void write_residual_judge(const model::Model& model, StateDict& dict);

/// Sets the judge of a model that is complete otherwise, where the file has one. Throws InvalidInput naming the tensor
/// that is wrong.
void read_residual_judge(const TensorReader& reader, model::Model& model);

}  // namespace kernad::serialise
