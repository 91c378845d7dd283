// The sections that are tables.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "../calibration.hpp"
#include "html.hpp"
#include "kernad/intervals.hpp"
#include "sections.hpp"

namespace kernad::cli {
namespace {

constexpr std::size_t kWorstRows = 10;

std::string rate(double value) { return fmt::format("{:.4f}", value); }

/// Of one class the rows that look most like the other.
std::vector<std::size_t> worst_rows(const TestedRows& rows, std::uint8_t label) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < rows.labels.size(); ++i) {
    if (rows.labels[i] == label) chosen.push_back(i);
  }
  const auto kept = chosen.begin() + static_cast<std::ptrdiff_t>(std::min(kWorstRows, chosen.size()));
  std::partial_sort(chosen.begin(), kept, chosen.end(), [&](std::size_t a, std::size_t b) {
    const double x = rows.log_densities[a];
    const double y = rows.log_densities[b];
    if (x != y) return label == 0 ? x < y : x > y;
    return a < b;
  });
  chosen.erase(kept, chosen.end());
  return chosen;
}

std::string rows_table(const KDEClassifier& model, const TestedRows& rows, const std::vector<std::size_t>& chosen,
                       std::string_view caption) {
  std::vector<double> scores;
  for (const std::size_t i : chosen) scores.push_back(rows.log_densities[i]);
  const auto probabilities = KDEClassifier::compute_probabilities(scores);
  std::vector<std::string> heading = {"row", "log-density", "probability"};
  std::vector<double> p_values;
  std::vector<std::uint8_t> called;
  if (model.is_calibrated()) {
    p_values = model.calibration().p_values(scores);
    heading.emplace_back("p-value");
  }
  if (model.has_threshold()) {
    called = model.threshold().labels(scores);
    heading.emplace_back("called");
  }
  std::vector<std::vector<std::string>> cells;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    auto& row = cells.emplace_back();
    row = {fmt::format("{}", chosen[i]), fmt::format("{:.6g}", scores[i]), rate(probabilities[i])};
    if (!p_values.empty()) row.push_back(fmt::format("{:.3g}", p_values[i]));
    if (!called.empty()) row.emplace_back(called[i] == 1 ? "anomalous" : "normal");
  }
  return html::table(caption, heading, cells);
}

}  // namespace

std::string metrics_section(const TestedRows& rows, const DetectionMetrics& metrics) {
  std::vector<double> scores(rows.log_densities.size());
  std::transform(rows.log_densities.begin(), rows.log_densities.end(), scores.begin(), [](double x) { return -x; });
  const BootstrapOptions options;
  const auto intervals = bootstrap_intervals(scores, rows.labels, options);
  const auto row = [](std::string name, double value, const Interval& interval) {
    return std::vector<std::string>{std::move(name), rate(value),
                                    fmt::format("{} to {}", rate(interval.low), rate(interval.high))};
  };
  return "<section class=\"keep\"><h2>Metrics</h2>\n" +
         html::table(fmt::format("95 % intervals from {} bootstrap resamples of each class", options.resamples),
                     {"metric", "value", "95 % interval"},
                     {row("image_AUROC", metrics.image_AUROC, intervals.image_AUROC),
                      row("AUPR", metrics.AUPR, intervals.AUPR), row("F1Max", metrics.F1Max, intervals.F1Max),
                      row("FPR@95TPR", metrics.FPR_at_95TPR, intervals.FPR_at_95TPR)}) +
         fmt::format(
             "<p class=\"quiet\">F1Max is reached by calling rows with a log-density of at most {:.6g} "
             "anomalous.</p></section>\n",
             metrics.F1Max_threshold);
}

std::string threshold_section(const std::string& model_path, const KDEClassifier& model,
                              const std::optional<Confusion>& confusion) {
  const std::string start = "<section class=\"keep\"><h2>Threshold</h2>\n";
  if (!confusion) {
    return start + fmt::format(
                       "<p class=\"missing\">The model has no threshold, so it calls no row anomalous. Set one: "
                       "<code>kernad calibrate {} --target-fpr 0.01</code>, after a calibration on normal rows.</p>"
                       "</section>\n",
                       html::escape(model_path));
  }
  const auto count = [](std::size_t rows) { return fmt::format("{}", rows); };
  return start + fmt::format("<p>{}</p>\n", html::escape(threshold_text(model.threshold()))) +
         "<div class=\"grid\">\n" +
         html::table("Rates at the threshold", {"rate", "value"},
                     {{"FPR", rate(confusion->FPR())},
                      {"TPR (recall)", rate(confusion->TPR())},
                      {"precision", rate(confusion->precision())},
                      {"F1", rate(confusion->F1())}}) +
         html::table("Rows by what they are and what they are called", {"rows", "called normal", "called anomalous"},
                     {{"normal", count(confusion->true_negatives), count(confusion->false_positives)},
                      {"anomalous", count(confusion->false_negatives), count(confusion->true_positives)}}) +
         "</div></section>\n";
}

std::string worst_rows_section(const KDEClassifier& model, const TestedRows& rows) {
  return "<section class=\"grid\">\n<div class=\"keep\"><h2>Worst false alarms</h2>\n" +
         rows_table(model, rows, worst_rows(rows, 0), "Normal rows of lowest log-density") +
         "</div>\n<div class=\"keep\"><h2>Worst misses</h2>\n" +
         rows_table(model, rows, worst_rows(rows, 1), "Anomalous rows of highest log-density") + "</div></section>\n";
}

}  // namespace kernad::cli
