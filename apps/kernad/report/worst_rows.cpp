// The worst errors, and the reasons for them: the column that sets a normal row apart, the training row nearest to an
// anomalous one.
#include <fmt/format.h>

#include <algorithm>

#include "html.hpp"
#include "sections.hpp"

namespace kernad::cli {
namespace {

using Chosen = std::vector<KeptRow>;
using Cells = std::vector<std::vector<std::string>>;

/// mistake: the name for a row on the wrong side of the threshold.
std::string rows_table(const KDEClassifier& model, const Chosen& chosen, std::uint8_t label, std::string_view mistake,
                       std::string_view caption) {
  std::vector<double> scores;
  for (const KeptRow& row : chosen) scores.push_back(row.log_density);
  const bool calibrated = model.is_calibrated();
  const auto chances = calibrated ? model.calibration().p_values(scores) : KDEClassifier::compute_probabilities(scores);
  std::vector<std::string> heading = {"row", "log-density", calibrated ? "p-value" : "probability"};
  std::vector<std::uint8_t> called;
  if (model.has_threshold()) {
    called = model.threshold().labels(scores);
    heading.emplace_back("verdict");
  }
  Cells cells;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    auto& row = cells.emplace_back();
    row = {chosen[i].row.name(0), fmt::format("{:.6g}", scores[i]), fmt::format("{:.3g}", chances[i])};
    if (!called.empty()) row.emplace_back(called[i] == label ? "right" : mistake);
  }
  return html::table(caption, heading, cells);
}

Explanation explain(const KDEClassifier& model, const KeptRow& kept) {
  return kept.row.with(0, 1, [&](const auto& one) { return model.explain(one, 1); });
}

std::string columns_table(const KDEClassifier& model, const TestResult& result, const Chosen& chosen) {
  Cells cells;
  for (const KeptRow& kept : chosen) {
    const auto columns = explain(model, kept).columns;
    const auto most = std::ranges::max_element(columns, {}, &ColumnContribution::share);
    const auto column = static_cast<std::size_t>(most - columns.begin());
    const auto& names = result.column_names;
    cells.push_back({kept.row.name(0), names.empty() ? fmt::format("{}", column) : names[column],
                     fmt::format("{:.4g}", most->value), fmt::format("{:.4g}", most->expected)});
  }
  return html::table("The column that sets each apart most", {"row", "column", "value", "expected"}, cells);
}

std::string neighbours_table(const KDEClassifier& model, const Chosen& chosen) {
  Cells cells;
  for (const KeptRow& kept : chosen) {
    const auto neighbours = explain(model, kept).neighbours;
    for (const auto& [nearest, distance, weight] : neighbours) {
      cells.push_back({kept.row.name(0), training_row_name(model, nearest), fmt::format("{:.4g}", distance)});
    }
  }
  return html::table("The training row nearest to each", {"row", "training row", "bandwidths away"}, cells);
}

}  // namespace

std::string worst_rows_section(const KDEClassifier& model, const TestResult& result) {
  std::string alarms = "Normal rows with the lowest log-density";
  std::string misses = "Anomalous rows with the highest log-density";
  if (const auto& confusion = result.confusion) {
    alarms += fmt::format("; {} of {} are false alarms", confusion->false_positives, result.metrics.normal_count);
    misses += fmt::format("; {} of {} are missed", confusion->false_negatives, result.metrics.anomalous_count);
  }
  const auto& normals = result.worst[0];
  const auto& anomalies = result.worst[1];
  return "<div class=\"grid\">\n<section class=\"keep\"><h2>Worst false alarms</h2>\n" +
         rows_table(model, normals, 0, "false alarm", alarms) + columns_table(model, result, normals) +
         "</section>\n<section class=\"keep\"><h2>Worst misses</h2>\n" +
         rows_table(model, anomalies, 1, "missed", misses) + neighbours_table(model, anomalies) +
         "</section>\n</div>\n<p class=\"quiet\">Rows are counted from 0, without the heading, in the file that is "
         "tested or "
         "was trained on; rows with ids are called by them. <code>kernad explain MODEL DATA --row ROW</code>" +
         (!result.has_ids ? "" : ", with the same <code>--id</code>,") + " shows more.</p>\n";
}

}  // namespace kernad::cli
