// kernad test --report: the results of a test as one page.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernad/kde_classifier.hpp"
#include "kernad/metrics.hpp"
#include "worst.hpp"

namespace kernad::cli {

struct TestResult {
  std::vector<std::uint8_t> labels;           ///< one per row: 0 normal, 1 anomalous
  std::vector<double> log_densities;          ///< one per row
  std::vector<std::string> column_names;      ///< of the features; empty if they have none
  bool has_ids = false;                       ///< whether rows are called by their ids
  std::array<std::vector<KeptRow>, 2> worst;  ///< for a report, see WorstRows
  DetectionMetrics metrics;  ///< of the negated log-densities, except that F1Max_threshold is a log-density
  std::optional<ConfusionMatrix> confusion;  ///< at the model's threshold, if it has one
};

/// Log-densities negated, without -0: higher is more anomalous, as metrics and curves require.
[[nodiscard]] std::vector<double> anomaly_scores(const TestResult& result);

/// The page. model_path, data_path: as the user named them. The same input gives the same bytes.
[[nodiscard]] std::string report_page(const std::string& model_path, const std::string& data_path,
                                      const KDEClassifier& model, const TestResult& result, int threads);

}  // namespace kernad::cli
