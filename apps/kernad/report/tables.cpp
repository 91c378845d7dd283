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

constexpr std::size_t kFewRows = 30;  // with fewer, resamples of a class are visibly too similar

std::string rate(double value) { return fmt::format("{:.4f}", value); }

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
           "--help</code> describes how to set one.</p></section>\n";
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

std::string model_section(const std::string& model_path, const KDEClassifier& model) {
  const auto facts = model_table(model_path, model);
  std::string text = "<section class=\"keep\"><h2>Model</h2>\n<div class=\"grid\">\n";
  std::vector<std::vector<std::string>> cells;
  for (const auto& [name, value] : facts) {
    cells.push_back({name, value});
    if (cells.size() == (facts.size() + 1) / 2) text += html::table("", {}, std::exchange(cells, {}));
  }
  text += html::table("", {}, cells) + "</div>\n";
  for (const auto& note : model.report().notes)
    text += fmt::format("<p class=\"quiet\">{}</p>\n", html::escape(note.text));
  return text + "</section>\n";
}

}  // namespace kernad::cli
