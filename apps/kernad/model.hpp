// A model as people and programs read it, for `fit` and `info`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "kernad/kde_classifier.hpp"
#include "options.hpp"

namespace kernad::cli {

/// The model at `path`, to be run with the threads and the pruning that the options give.
[[nodiscard]] KDEClassifier load_model(const std::string& path, const CommonOptions& options = {});

/// "kernad: note: ..." for what loading it found: of a checkpoint what was assumed. The notes of its fit were printed
/// then.
void print_load_notes(const KDEClassifier& model);

/// Parameters and fit report.
[[nodiscard]] nlohmann::ordered_json model_json(const std::string& path, const KDEClassifier& model);

/// The same but for the notes, in words.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> model_table(const std::string& path,
                                                                           const KDEClassifier& model);

}  // namespace kernad::cli
