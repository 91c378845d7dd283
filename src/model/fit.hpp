// Training rows to a fitted model.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "kernad/classifier_options.hpp"
#include "kernad/fit_report.hpp"
#include "kernad/matrix.hpp"
#include "model/model.hpp"
#include "model/training_sample.hpp"

namespace kernad::model {

/// Throws InvalidParameter for options that are out of range or chosen by `automatic`.
void check_options(const KDEClassifierOptions& options);

/// Whether there are at least as many rows as requested components, which are limited to the number of columns.
[[nodiscard]] bool has_enough_rows(std::size_t rows, std::size_t columns, const KDEClassifierOptions& options);

/// Fits a model to finite rows, of which there must be enough, without those that `automatic` leaves out. shift: was
/// subtracted from their columns; empty: nothing was. Throws InvalidInput if all rows are identical.
[[nodiscard]] Model fit(TrainingSample sample, const KDEClassifierOptions& options, const FitSettings& settings,
                        const FitProgress& progress = {}, std::vector<double> shift = {});

/// Fits a model to all of these rows. rows_seen: the size of the data set that they come from, for the report. done:
/// called with 2 when the components are known and with 3 after the first pipeline. moments: of all rows of the data
/// set, which stand in for those of these rows; null: none. Throws InvalidInput if all rows are
/// identical.
[[nodiscard]] Model fit_rows(
    const linalg::Rows<float>& rows, std::size_t rows_seen, const KDEClassifierOptions& options,
    const FitSettings& settings, std::vector<double> shift,
    const std::function<void(std::size_t)>& done = [](std::size_t) {}, const linalg::RowMoments* moments = nullptr);

/// The subspace of the rows that the model was fitted on; null if they vary in every direction. all_rows: the number of
/// training rows, which decides whether dependencies between columns are looked for.
[[nodiscard]] std::shared_ptr<const subspace::Subspace> fit_subspace(const Model& model,
                                                                     const linalg::Rows<float>& rows,
                                                                     std::size_t all_rows, int threads,
                                                                     const linalg::RowMoments* moments = nullptr);

}  // namespace kernad::model
