// The sections that are tables.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "../calibration.hpp"
#include "../model.hpp"
#include "html.hpp"
#include "kernad/intervals.hpp"
#include "sections.hpp"

namespace kernad::cli {
namespace {

constexpr std::size_t kWorstRows = 10;
constexpr std::size_t kFewRows = 30;  // below, resamples of a class are visibly too alike

std::string rate(double value) { return fmt::format("{:.4f}", value); }

/// Of one class the rows that look most like the other.
std::vector<std::size_t> worst_rows(const TestResult& result, std::uint8_t label) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < result.labels.size(); ++i) {
    if (result.labels[i] == label) chosen.push_back(i);
  }
  const auto kept = chosen.begin() + static_cast<std::ptrdiff_t>(std::min(kWorstRows, chosen.size()));
  std::partial_sort(chosen.begin(), kept, chosen.end(), [&](std::size_t a, std::size_t b) {
    const double x = result.log_densities[a];
    const double y = result.log_densities[b];
    if (x != y) return label == 0 ? x < y : x > y;
    return a < b;
  });
  chosen.erase(kept, chosen.end());
  return chosen;
}

/// mistake: what a row on the wrong side of the threshold is.
std::string rows_table(const KDEClassifier& model, const TestResult& result, std::uint8_t label,
                       std::string_view mistake, std::string_view caption) {
  const auto chosen = worst_rows(result, label);
  std::vector<double> scores;
  for (const std::size_t i : chosen) scores.push_back(result.log_densities[i]);
  const bool calibrated = model.is_calibrated();
  const auto chances = calibrated ? model.calibration().p_values(scores) : KDEClassifier::compute_probabilities(scores);
  std::vector<std::string> heading = {"row", "log-density", calibrated ? "p-value" : "probability"};
  std::vector<std::uint8_t> called;
  if (model.has_threshold()) {
    called = model.threshold().labels(scores);
    heading.emplace_back("verdict");
  }
  std::vector<std::vector<std::string>> cells;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    auto& row = cells.emplace_back();
    row = {fmt::format("{}", chosen[i]), fmt::format("{:.6g}", scores[i]),
           calibrated ? fmt::format("{:.3g}", chances[i]) : rate(chances[i])};
    if (!called.empty()) row.emplace_back(called[i] == label ? "right" : mistake);
  }
  return html::table(caption, heading, cells);
}

}  // namespace

std::string metrics_section(const TestResult& result, int threads) {
  BootstrapOptions options;
  options.threads = threads;
  const auto& metrics = result.metrics;
  const auto intervals = bootstrap_intervals(anomaly_scores(result), result.labels, options);
  const auto row = [](std::string name, double value, const Interval& interval) {
    return std::vector<std::string>{std::move(name), rate(value),
                                    fmt::format("{} to {}", rate(interval.low), rate(interval.high))};
  };
  return "<section class=\"keep\"><h2>Metrics</h2>\n" +
         html::table(fmt::format("Over all thresholds; intervals from {} bootstrap resamples", options.resamples),
                     {"metric", "value", "95 % interval"},
                     {row("image_AUROC", metrics.image_AUROC, intervals.image_AUROC),
                      row("AUPR", metrics.AUPR, intervals.AUPR), row("F1Max", metrics.F1Max, intervals.F1Max),
                      row("FPR@95TPR", metrics.FPR_at_95TPR, intervals.FPR_at_95TPR)}) +
         fmt::format(
             "<p class=\"quiet\">F1 is largest when rows of log-density {:.6g} or less are called anomalous.{}</p>"
             "</section>\n",
             metrics.F1Max_threshold,
             std::min(metrics.normal_count, metrics.anomalous_count) < kFewRows
                 ? " With so few rows of a class the intervals are narrower than they should be."
                 : "");
}

std::string threshold_section(const KDEClassifier& model, const TestResult& result) {
  const std::string start = "<section class=\"keep\"><h2>Threshold</h2>\n";
  if (!result.confusion) {
    return start +
           "<p class=\"missing\">The model has no threshold, so it calls no row anomalous. <code>kernad calibrate "
           "--help</code> tells how to set one.</p></section>\n";
  }
  const auto& confusion = *result.confusion;
  const auto count = [](std::size_t rows) { return fmt::format("{}", rows); };
  return start +
         html::table(fmt::format("Rows of log-density {:.6g} or less are called anomalous ({})",
                                 model.threshold().log_density, rule_text(model.threshold())),
                     {"rows", "called normal", "called anomalous", "rate"},
                     {{"normal", count(confusion.true_negatives), count(confusion.false_positives),
                       "FPR\u00a0" + rate(confusion.FPR())},
                      {"anomalous", count(confusion.false_negatives), count(confusion.true_positives),
                       "TPR\u00a0" + rate(confusion.TPR())}}) +
         fmt::format("<p>Precision {}, F1 {}.</p></section>\n", rate(confusion.precision()), rate(confusion.F1()));
}

std::string worst_rows_section(const KDEClassifier& model, const TestResult& result) {
  std::string alarms = "Normal rows of lowest log-density";
  std::string misses = "Anomalous rows of highest log-density";
  if (const auto& confusion = result.confusion) {
    alarms += fmt::format("; {} of {} are false alarms", confusion->false_positives, result.metrics.normal_count);
    misses += fmt::format("; {} of {} are missed", confusion->false_negatives, result.metrics.anomalous_count);
  }
  return "<section>\n<div class=\"grid\">\n<div class=\"keep\"><h2>Worst false alarms</h2>\n" +
         rows_table(model, result, 0, "false alarm", alarms) + "</div>\n<div class=\"keep\"><h2>Worst misses</h2>\n" +
         rows_table(model, result, 1, "missed", misses) +
         "</div>\n</div>\n<p class=\"quiet\">Row 0 is the first one, below a heading if there is one. <code>kernad "
         "explain MODEL "
         "DATA "
         "--row ROW</code> tells why a row has its log-density.</p></section>\n";
}

std::string model_section(const std::string& model_path, const KDEClassifier& model) {
  const auto facts = model_table(model_path, model);
  std::string text = "<section class=\"keep\"><h2>Model</h2>\n<div class=\"grid\">\n";
  std::vector<std::vector<std::string>> cells;
  for (const auto& [name, value] : facts) {
    cells.push_back({name, value});
    if (cells.size() == (facts.size() + 1) / 2) text += html::table("", {}, std::exchange(cells, {}));
  }
  text += html::table("", {}, cells) + "</div>\n";
  for (const auto& note : model.report().notes) text += fmt::format("<p class=\"quiet\">{}</p>\n", html::escape(note));
  return text + "</section>\n";
}

}  // namespace kernad::cli
