// Training rows to a fitted model.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "kernad/classifier_options.hpp"
#include "kernad/fit_report.hpp"
#include "kernad/matrix.hpp"
#include "model/model.hpp"

namespace kernad::model {

/// Throws InvalidParameter for options out of range, or that `automatic` chooses itself.
void check_options(const KDEClassifierOptions& options);

/// Whether there are as many rows as components are wanted, of which there cannot be more than columns.
[[nodiscard]] bool has_enough_rows(EmbeddingsView embeddings, const KDEClassifierOptions& options);

/// The model of a sample of the rows, as `options` say, of embeddings that have enough. shift: what was taken off each
/// column of them; empty: nothing. Throws InvalidInput for no rows
/// or columns, values that are not finite, or when all rows are identical.
[[nodiscard]] Model fit(EmbeddingsView embeddings, const KDEClassifierOptions& options, const FitSettings& settings,
                        const FitProgress& progress = {}, std::vector<double> shift = {});

/// The subspace of rows that the model was fitted on; null where they leave no direction out. all_rows: how many show
/// whether columns depend on each other.
[[nodiscard]] std::shared_ptr<const subspace::Subspace> fit_subspace(const Model& model,
                                                                     const linalg::Rows<float>& rows,
                                                                     std::size_t all_rows, int threads);

}  // namespace kernad::model
