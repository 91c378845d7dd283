// Held-out scores of training rows: each is computed by a model that was fitted without the row.
#pragma once

#include <cstddef>
#include <vector>

#include "kernad/classifier_options.hpp"
#include "kernad/fit_report.hpp"
#include "kernad/matrix.hpp"
#include "linalg/exact_moments.hpp"
#include "model/model.hpp"

namespace kernad::model {

/// The scores that calibrate the model that `options` fitted on `rows` (its sample, shifted like the model's): each row
/// is scored by the model that the same options fit on the other folds. The number of components is that of the model,
/// since densities of different dimension cannot be compared. (With all components and a shrunk covariance every column
/// is a dimension, and the option is kept.) If the model has a subspace, each fold has one. Rows that
/// `automatic` leaves out are scored like all others, but train no fold. There is at most one fold
/// per row. moments: of all rows of the data set, from which each fold takes its rows out; null: none. Throws
/// InvalidInput when the rows of all other folds are too few or identical. progress is called after
/// each fold. Source: Vovk (2015), "Cross-conformal predictors".
[[nodiscard]] HeldOut cross_conformal(const Model& model, EmbeddingsView rows, std::size_t folds,
                                      const KDEClassifierOptions& options, const FitSettings& settings,
                                      const FitProgress& progress, const linalg::ExactMoments* moments = nullptr);

}  // namespace kernad::model
