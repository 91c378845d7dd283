// A fitted model as named tensors and metadata, and back.
#pragma once

#include "kernad/classifier_options.hpp"
#include "kernad/state_dict.hpp"
#include "model/model.hpp"

namespace kernad::serialise {

[[nodiscard]] StateDict to_state_dict(const model::Model& model, const KDEClassifierOptions& options);

struct Loaded {
  KDEClassifierOptions options;
  model::Model model;
};

/// Every name, shape, dtype and value is checked; `defaults` are used for options that the metadata lack. Throws
/// InvalidInput naming the tensor or the key.
[[nodiscard]] Loaded from_state_dict(const StateDict& given, const KDEClassifierOptions& defaults,
                                     const model::FitSettings& settings);

}  // namespace kernad::serialise
