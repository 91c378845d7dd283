// The parts of the report, each a piece of HTML.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report.hpp"

namespace kernad::cli {

[[nodiscard]] std::vector<double> normal_log_densities(const TestResult& result);

[[nodiscard]] std::string metrics_section(const TestResult& result, int threads);
[[nodiscard]] std::string threshold_section(const KDEClassifier& model, const TestResult& result);
[[nodiscard]] std::string model_section(const std::string& model_path, const KDEClassifier& model);

/// The normal rows with the lowest log-density and the anomalous rows with the highest, and the reasons for them.
[[nodiscard]] std::string worst_rows_section(const KDEClassifier& model, const TestResult& result);

/// In all plots a circle is the model's threshold.
[[nodiscard]] std::string roc_section(const TestResult& result);
[[nodiscard]] std::string precision_recall_section(const TestResult& result);
/// threshold: a log-density.
[[nodiscard]] std::string histogram_section(std::optional<double> threshold, const TestResult& result);
[[nodiscard]] std::string calibration_section(const KDEClassifier& model, const TestResult& result);

}  // namespace kernad::cli
