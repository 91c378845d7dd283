// The second member of an ensemble, and the tail ranks of both, as tensors.
#pragma once

#include "kernad/classifier_options.hpp"
#include "kernad/state_dict.hpp"
#include "model/model.hpp"
#include "serialise/metadata.hpp"
#include "serialise/tensor_reader.hpp"

namespace kernad::serialise {

void write_ensemble(const model::Model& model, StateDict& dict);

/// Whether the tensors of an ensemble are present. A file that was rewritten may have lost the metadata that say so.
[[nodiscard]] bool holds_ensemble(const TensorReader& reader);

/// Makes the model, whose first pipeline has been read, an ensemble. Throws InvalidInput naming the tensor that is
/// missing or wrong.
void read_ensemble(const TensorReader& reader, const Metadata& metadata, const KDEClassifierOptions& options,
                   const model::FitSettings& settings, model::Model& model);

}  // namespace kernad::serialise
