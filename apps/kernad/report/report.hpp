// kernad test --report: what a test found, as one page to look at.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../data.hpp"
#include "kernad/kde_classifier.hpp"
#include "kernad/metrics.hpp"

namespace kernad::cli {

struct TestResult {
  LabelledData data;                         ///< of both classes
  std::vector<double> log_densities;         ///< one a row
  DetectionMetrics metrics;                  ///< of the negated log-densities, but F1Max_threshold is a log-density
  std::optional<ConfusionMatrix> confusion;  ///< at the model's threshold, if it has one
};

/// Log-densities negated, without -0: higher is more anomalous, as metrics and curves want it.
[[nodiscard]] std::vector<double> anomaly_scores(const TestResult& result);

/// The page. model_path, data_path: as the user named them. The same input gives the same bytes.
[[nodiscard]] std::string report_page(const std::string& model_path, const std::string& data_path,
                                      const KDEClassifier& model, const TestResult& result, int threads);

}  // namespace kernad::cli
