// Training rows to a fitted model.
#pragma once

#include <cstddef>

#include "kernad/classifier_options.hpp"
#include "kernad/fit_report.hpp"
#include "kernad/matrix.hpp"
#include "model/model.hpp"

namespace kernad::model {

/// Throws InvalidParameter for options out of range, or that `automatic` chooses itself.
void check_options(const KDEClassifierOptions& options);

/// Whether there are as many rows as components are wanted, of which there cannot be more than columns.
[[nodiscard]] bool has_enough_rows(EmbeddingsView embeddings, const KDEClassifierOptions& options);

/// The model of a sample of the rows, as `options` say, of embeddings that have enough. Throws InvalidInput for no rows
/// or columns, values that are not finite, or when all rows are identical.
[[nodiscard]] Model fit(EmbeddingsView embeddings, const KDEClassifierOptions& options, const FitSettings& settings,
                        const FitProgress& progress = {});

}  // namespace kernad::model
