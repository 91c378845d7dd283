// Calibration and threshold as text and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "kernad/kde_classifier.hpp"
#include "kernad/metrics.hpp"

namespace kernad::cli {

using Table = std::vector<std::pair<std::string, std::string>>;

/// How it was chosen: "target FPR 0.01".
[[nodiscard]] std::string rule_text(const Threshold& threshold);
/// "-12.5 (log_density; target FPR 0.01)".
[[nodiscard]] std::string threshold_text(const Threshold& threshold);
[[nodiscard]] nlohmann::ordered_json threshold_json(const Threshold& threshold);

/// Adds those that the model has.
void add_calibration(Table& table, const KDEClassifier& model);
void add_calibration(nlohmann::ordered_json& json, const KDEClassifier& model);

/// The threshold, and its results on labelled rows.
void add_confusion(Table& table, const Threshold& threshold, const ConfusionMatrix& confusion);
void add_confusion(nlohmann::ordered_json& json, const Threshold& threshold, const ConfusionMatrix& confusion);

}  // namespace kernad::cli
