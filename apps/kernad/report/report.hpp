// kernad test --report: what a test found, as one page to look at.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "kernad/kde_classifier.hpp"
#include "kernad/metrics.hpp"

namespace kernad::cli {

struct TestedRows {
  std::span<const double> log_densities;
  std::span<const std::uint8_t> labels;  ///< 0 normal, 1 anomalous
};

/// The page. model_path, data_path: as the user named them.
[[nodiscard]] std::string report_page(const std::string& model_path, const std::string& data_path,
                                      const KDEClassifier& model, const TestedRows& rows,
                                      const DetectionMetrics& metrics, const std::optional<Confusion>& confusion);

}  // namespace kernad::cli
