// Names in a model file that a damaged bit made unknown.
#pragma once

#include "kernad/state_dict.hpp"

namespace kernad::serialise {

/// Throws InvalidInput for a tensor or a key of the metadata whose name is unknown and differs from a known one in a
/// single character: what it holds would be missing without a word. Every other unknown name passes: it is of a user,
/// of the rest of a checkpoint, or of a later version that scores alike.
void check_names(const StateDict& dict);

}  // namespace kernad::serialise
