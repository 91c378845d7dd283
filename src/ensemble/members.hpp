// The two members of an `automatic` classifier: pipelines over the same columns, each strong where the other is weak.
// docs/estimation.md says how they were chosen, and what was tried instead.
#pragma once

#include "kernad/classifier_options.hpp"

namespace kernad::ensemble {

/// Models how columns vary together: for embeddings.
[[nodiscard]] KDEClassifierOptions first_member(const KDEClassifierOptions& options);
/// Gives all columns the same weight: for tables. Twice the likeliest bandwidth, which ranks better.
[[nodiscard]] KDEClassifierOptions second_member(const KDEClassifierOptions& options);

}  // namespace kernad::ensemble
