// What a classifier of `automatic` is made of: two pipelines over the same columns that are strong where the other is
// weak. How they were chosen, and what was not: docs/estimation.md.
#pragma once

#include "kernad/kde_classifier.hpp"

namespace kernad::committee {

/// Follows how columns vary together: for embeddings.
[[nodiscard]] KDEClassifierOptions first_expert(const KDEClassifierOptions& options);
/// Takes all columns for equally important: for tables. Twice as wide as likelihood says ranks better.
[[nodiscard]] KDEClassifierOptions second_expert(const KDEClassifierOptions& options);

}  // namespace kernad::committee
