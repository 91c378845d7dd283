// kernad test: how well a model tells labelled anomalies from normal rows.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "calibration.hpp"
#include "commands.hpp"
#include "data.hpp"
#include "kernad/io.hpp"
#include "kernad/metrics.hpp"
#include "model.hpp"
#include "options.hpp"
#include "output.hpp"
#include "report/report.hpp"
#include "scoring.hpp"

namespace kernad::cli {
namespace {

struct TestOptions {
  std::string model;
  std::string data;
  std::string labels;
  std::string report;  ///< page to write; empty: none
  CommonOptions common;
};

constexpr auto kTestFooter =
    "LABELS is a column of DATA when that is a .csv or .tsv: its name, or its number counted\n"
    "from 0 (-1 is the last). Otherwise it is a file: labels.npy, labels.csv, file.npz:y.\n"
    "Normal: 0, false, normal, good. Anomalous: 1, true, anomaly, anomalous, bad.\n\n"
    "F1Max_threshold is a log_density: at F1Max, rows with log_density <= F1Max_threshold are\n"
    "called anomalous.\n\n"
    "Example:\n  kernad test model.safetensors test.csv --labels class --report report.html";

TestResult measure(const TestOptions& options, const KDEClassifier& model) {
  TestResult result;
  result.data = read_labelled(options.data, options.labels, options.common.csv_header());
  in_file(options.data, [&] {
    result.log_densities = log_densities(model, result.data.features);
    if (model.has_threshold()) {
      result.confusion = confusion_matrix(model.threshold().labels(result.log_densities), result.data.labels);
    }
    result.metrics = evaluate(anomaly_scores(result), result.data.labels);
    auto& threshold = result.metrics.F1Max_threshold;
    threshold = 0.0 - threshold;  // a log_density again
  });
  return result;
}

void print_result(const TestResult& result, const KDEClassifier& model, bool as_json) {
  const auto& metrics = result.metrics;
  if (as_json) {
    nlohmann::ordered_json json;
    json["image_AUROC"] = metrics.image_AUROC;
    json["AUPR"] = metrics.AUPR;
    json["F1Max"] = metrics.F1Max;
    json["F1Max_threshold"] = metrics.F1Max_threshold;
    json["FPR@95TPR"] = metrics.FPR_at_95TPR;
    json["n_normal"] = metrics.normal_count;
    json["n_anomalous"] = metrics.anomalous_count;
    if (result.confusion) add_confusion(json, model.threshold(), *result.confusion);
    print_json(json);
    return;
  }
  Table table = {{"image_AUROC", fmt::format("{:.6f}", metrics.image_AUROC)},
                 {"AUPR", fmt::format("{:.6f}", metrics.AUPR)},
                 {"F1Max", fmt::format("{:.6f}", metrics.F1Max)},
                 {"F1Max_threshold", fmt::format("{:.6g} (log_density)", metrics.F1Max_threshold)},
                 {"FPR@95TPR", fmt::format("{:.6f}", metrics.FPR_at_95TPR)},
                 {"n_normal", fmt::format("{}", metrics.normal_count)},
                 {"n_anomalous", fmt::format("{}", metrics.anomalous_count)}};
  if (result.confusion) add_confusion(table, model.threshold(), *result.confusion);
  print_table(table);
}

void run(const TestOptions& options) {
  require_another_file(options.report, {options.model, options.data, options.labels}, "--report");
  const KDEClassifier model = load_model(options.model, options.common);
  const TestResult result = measure(options, model);
  // Before anything is printed: a page that cannot be written leaves no result that looks complete.
  if (!options.report.empty()) {
    const auto page = report_page(options.model, options.data, model, result, options.common.threads);
    write_file_atomically(options.report, std::as_bytes(std::span(page)));
  }
  print_result(result, model, options.common.json);
  print_notes(model.report().notes);
}

}  // namespace

void add_test(CLI::App& app) {
  auto options = std::make_shared<TestOptions>();
  CLI::App* command = app.add_subcommand("test", "Measure how well a model finds labelled anomalies");
  command->add_option("MODEL", options->model, "Model file")->required()->type_name("");
  command->add_option("DATA", options->data, "Rows: .npy, .npz[:ARRAY], .safetensors[:ARRAY], .csv, .tsv or -")
      ->required()
      ->type_name("");
  command->add_option("--labels", options->labels, "Which rows are anomalous: a column of DATA, or a file")
      ->required()
      ->check(not_empty())
      ->type_name("COLUMN|FILE");
  command->add_option("--report", options->report, "Write an HTML page with intervals, curves and the worst rows, too")
      ->check(not_empty())
      ->type_name("FILE");
  add_no_pruning(*command, options->common);
  add_common(*command, options->common);
  command->footer(std::string(kTestFooter) + kExitStatus);
  command->callback([options] { run(*options); });
}

}  // namespace kernad::cli
