// Honest scores of training rows: each by a model that was fitted without it.
#pragma once

#include <cstddef>
#include <vector>

#include "kernad/kde_classifier.hpp"

namespace kernad::calibration {

/// The log-density of each of `rows` by the classifier that `options` fit on the other folds. Options are taken as they
/// are but for the components, which are as many as `components`, those of the model that is calibrated: densities of
/// different dimension could not be compared. (With all components and a shrunk covariance they have every column as
/// dimensions, and stay as they are.) Throws InvalidInput when the rows of all other folds are identical.
/// progress is told of folds.
[[nodiscard]] std::vector<double> held_out_log_densities(EmbeddingsView rows, std::size_t folds,
                                                         const KDEClassifierOptions& options, std::size_t components,
                                                         int threads, const FitProgress& progress);

}  // namespace kernad::calibration
