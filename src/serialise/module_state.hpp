// The state dict of Python's kernad.torch.KDEClassifier, a module that has only tensors.
#pragma once

#include <optional>

#include "kernad/state_dict.hpp"

namespace kernad::serialise {

/// A module's state as a model's: metadata, which are bytes of JSON in a tensor there, and the calibration under its
/// own name. None for any other state. Throws InvalidInput when that tensor holds anything else.
[[nodiscard]] std::optional<StateDict> of_module(const StateDict& dict);

}  // namespace kernad::serialise
