// What a classifier of `automatic` is made of: two pipelines over the same columns, each strong where the other is
// weak. How they were chosen, and what was not: docs/estimation.md.
#pragma once

#include "kernad/classifier_options.hpp"

namespace kernad::ensemble {

/// Follows how columns vary together: for embeddings.
[[nodiscard]] KDEClassifierOptions first_member(const KDEClassifierOptions& options);
/// Takes all columns for equally important: for tables. Twice as wide as likelihood says ranks better.
[[nodiscard]] KDEClassifierOptions second_member(const KDEClassifierOptions& options);

}  // namespace kernad::ensemble
