#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "html.hpp"
#include "kernad/version.hpp"
#include "sections.hpp"

namespace kernad::cli {

std::vector<double> anomaly_scores(const TestResult& result) {
  std::vector<double> scores(result.log_densities.size());
  std::ranges::transform(result.log_densities, scores.begin(), [](double x) { return 0.0 - x; });
  return scores;
}

std::vector<double> normal_log_densities(const TestResult& result) {
  std::vector<double> normals;
  for (std::size_t i = 0; i < result.labels.size(); ++i) {
    if (result.labels[i] == 0) normals.push_back(result.log_densities[i]);
  }
  return normals;
}

std::string report_page(const std::string& model_path, const std::string& data_path, const KDEClassifier& model,
                        const TestResult& result, int threads) {
  const auto name = [](const std::string& path) { return std::filesystem::path(path).filename().string(); };
  const std::string title = fmt::format("{} on {}", name(model_path), name(data_path));
  const auto threshold = model.has_threshold() ? std::optional(model.threshold().log_density) : std::nullopt;
  std::string body = fmt::format(
      "<header><h1>{}</h1>\n<p class=\"quiet\">{} normal and {} anomalous rows of {}, scored by kernad {}. The lower a "
      "row's log-density, the more anomalous it is.</p></header>\n<main>\n",
      html::escape(title), result.metrics.normal_count, result.metrics.anomalous_count, html::escape(data_path),
      KERNAD_VERSION);
  body += "<div class=\"grid\">\n" + metrics_section(result, threads) + threshold_section(model, result) + "</div>\n";
  body += "<div class=\"grid\">\n" + histogram_section(threshold, result) + roc_section(result) +
          precision_recall_section(result) + calibration_section(model, result) + "</div>\n";
  body += worst_rows_section(model, result);
  body += model_section(model_path, model);
  return html::page(title, body + "</main>\n");
}

}  // namespace kernad::cli
