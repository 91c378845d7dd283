// A model as text and as JSON, for `fit` and `info`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "kernad/kde_classifier.hpp"
#include "options.hpp"

namespace kernad::cli {

/// The model at `path`, with threads and pruning as in the options.
[[nodiscard]] KDEClassifier load_model(const std::string& path, const CommonOptions& options = {});

/// "kernad: note: ..." for assumptions made on loading a checkpoint. The notes of a fit are printed by the fit.
void print_load_notes(const KDEClassifier& model);

/// Parameters and fit report.
[[nodiscard]] nlohmann::ordered_json model_json(const std::string& path, const KDEClassifier& model);

/// The same as text, without the notes.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> model_table(const std::string& path,
                                                                           const KDEClassifier& model);

}  // namespace kernad::cli
