#include "report.hpp"

#include <fmt/format.h>

#include "html.hpp"
#include "kernad/version.hpp"
#include "sections.hpp"

namespace kernad::cli {

std::string report_page(const std::string& model_path, const std::string& data_path, const KDEClassifier& model,
                        const TestedRows& rows, const DetectionMetrics& metrics,
                        const std::optional<Confusion>& confusion) {
  const std::string title = fmt::format("{} on {}", model_path, data_path);
  std::string body = fmt::format(
      "<header><h1>{}</h1>\n<p class=\"quiet\">{} normal and {} anomalous rows. Rows are counted from 0; a low "
      "log-density "
      "is anomalous. Written by kernad {}.</p></header>\n<main>\n",
      html::escape(title), metrics.normal_count, metrics.anomalous_count, KERNAD_VERSION);
  body += metrics_section(rows, metrics);
  body += threshold_section(model_path, model, confusion);
  body += curves_section(rows, metrics, confusion);
  body += "<section class=\"grid\">\n";
  body += histogram_section(model, rows);
  body += calibration_section(model_path, model, rows);
  body += "</section>\n";
  body += worst_rows_section(model, rows);
  return html::page(title, body + "</main>\n");
}

}  // namespace kernad::cli
