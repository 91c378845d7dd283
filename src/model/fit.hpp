// Training rows to a fitted model.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "kernad/classifier_options.hpp"
#include "kernad/fit_report.hpp"
#include "kernad/matrix.hpp"
#include "model/model.hpp"
#include "model/training_sample.hpp"

namespace kernad::model {

/// Throws InvalidParameter for options out of range, or that `automatic` chooses itself.
void check_options(const KDEClassifierOptions& options);

/// Whether there are as many rows as components are wanted, of which there cannot be more than columns.
[[nodiscard]] bool has_enough_rows(std::size_t rows, std::size_t columns, const KDEClassifierOptions& options);

/// The model of finite rows, of which there are enough. shift: what was subtracted from each of their columns; empty:
/// nothing. Throws InvalidInput if all rows are identical.
[[nodiscard]] Model fit(TrainingSample sample, const KDEClassifierOptions& options, const FitSettings& settings,
                        const FitProgress& progress = {}, std::vector<double> shift = {});

/// The subspace of rows that the model was fitted on; null where they leave no direction out. all_rows: how many show
/// whether columns depend on each other.
[[nodiscard]] std::shared_ptr<const subspace::Subspace> fit_subspace(const Model& model,
                                                                     const linalg::Rows<float>& rows,
                                                                     std::size_t all_rows, int threads);

}  // namespace kernad::model
