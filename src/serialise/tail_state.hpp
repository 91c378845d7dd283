// Log-densities of training rows that a TailRank is made of.
#pragma once

#include <string_view>

#include "ensemble/tail_rank.hpp"
#include "serialise/tensor_reader.hpp"

namespace kernad::serialise {

/// Throws InvalidInput for a tensor that is empty or has a value that no fit gives.
[[nodiscard]] ensemble::TailRank read_tail(const TensorReader& reader, std::string_view name);

}  // namespace kernad::serialise
