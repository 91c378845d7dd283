// Held-out scores of training rows: each by a model that was fitted without it.
#pragma once

#include <cstddef>
#include <vector>

#include "kernad/classifier_options.hpp"
#include "kernad/fit_report.hpp"
#include "kernad/matrix.hpp"
#include "model/pipeline.hpp"

namespace kernad::model {

struct HeldOut {
  std::vector<double> log_densities;  // of the rows that the fit used, in their order
  std::size_t folds;                  // that there were
};

/// The calibration of a model that `options` fitted on `embeddings` (or on a sample of them, as options say): each row
/// is scored by the model that the same options fit on the other folds. Components are as many as `components`, those
/// of the model that is calibrated: densities of different dimension could not be compared. (With all components and a
/// shrunk covariance they have every column as dimensions, and stay as they are.) Of folds at most one a row. Throws
/// InvalidInput when the rows of all other folds are too few or identical. progress is called after each fold.
/// Source: Vovk (2015), "Cross-conformal predictors".
[[nodiscard]] HeldOut cross_conformal(EmbeddingsView embeddings, std::size_t folds, const KDEClassifierOptions& options,
                                      std::size_t components, const FitSettings& settings, const FitProgress& progress);

}  // namespace kernad::model
