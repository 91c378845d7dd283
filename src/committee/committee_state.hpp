// A committee on its way into a model file and back.
#pragma once

#include <memory>

#include "model/model_state.hpp"
#include "model/tensor_reader.hpp"

namespace kernad::committee {

/// Adds the tensors of the second pipeline and of both tails.
void write(const model::Committee& committee, const KDEClassifierOptions& options, StateDict& dict);

/// Whether the tensors are a committee's, whatever the metadata say.
[[nodiscard]] bool found(const model::TensorReader& reader);

/// columns: of the first pipeline. Throws InvalidInput naming the tensor that is missing or wrong.
[[nodiscard]] std::shared_ptr<const model::Committee> read(const model::TensorReader& reader,
                                                           const KDEClassifierOptions& options, std::size_t columns,
                                                           bool pruning);

}  // namespace kernad::committee
