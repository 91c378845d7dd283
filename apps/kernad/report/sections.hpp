// The parts of the report, each a piece of HTML.
#pragma once

#include <optional>
#include <string>

#include "report.hpp"

namespace kernad::cli {

[[nodiscard]] std::string metrics_section(const TestedRows& rows, const DetectionMetrics& metrics);
[[nodiscard]] std::string threshold_section(const std::string& model_path, const KDEClassifier& model,
                                            const std::optional<Confusion>& confusion);
/// ROC and precision-recall; the threshold is a dot on both.
[[nodiscard]] std::string curves_section(const TestedRows& rows, const DetectionMetrics& metrics,
                                         const std::optional<Confusion>& confusion);
[[nodiscard]] std::string histogram_section(const KDEClassifier& model, const TestedRows& rows);
[[nodiscard]] std::string calibration_section(const std::string& model_path, const KDEClassifier& model,
                                              const TestedRows& rows);
/// The normal rows of lowest log-density and the anomalous ones of highest.
[[nodiscard]] std::string worst_rows_section(const KDEClassifier& model, const TestedRows& rows);

}  // namespace kernad::cli
