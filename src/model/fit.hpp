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

/// The model of finite rows, of which there are enough, without those that `automatic` leaves out. shift: what was
/// subtracted from each of their columns; empty: nothing. Throws InvalidInput if all rows are identical.
[[nodiscard]] Model fit(TrainingSample sample, const KDEClassifierOptions& options, const FitSettings& settings,
                        const FitProgress& progress = {}, std::vector<double> shift = {});

/// The model of all of these rows. rows_seen: of the data set that they come from, for the report. done: called with 2
/// when the components are known and with 3 after the first pipeline. Throws InvalidInput if all rows are identical.
[[nodiscard]] Model fit_rows(
    const linalg::Rows<float>& rows, std::size_t rows_seen, const KDEClassifierOptions& options,
    const FitSettings& settings, std::vector<double> shift,
    const std::function<void(std::size_t)>& done = [](std::size_t) {});

/// The subspace of rows that the model was fitted on; null where they leave no direction out. all_rows: how many show
/// whether columns depend on each other.
[[nodiscard]] std::shared_ptr<const subspace::Subspace> fit_subspace(const Model& model,
                                                                     const linalg::Rows<float>& rows,
                                                                     std::size_t all_rows, int threads);

}  // namespace kernad::model
