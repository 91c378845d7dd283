// Scoring with a progress bar.
#pragma once

#include <vector>

#include "kernad/kde_classifier.hpp"

namespace kernad::cli {

/// The log-density of every row. A bar shows on standard error when that is a terminal and the work takes more than a
/// second.
[[nodiscard]] std::vector<double> log_densities(const KDEClassifier& model, EmbeddingsView features);

}  // namespace kernad::cli
