// kernad test: how well a model separates labelled anomalies from normal rows.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "calibration.hpp"
#include "commands.hpp"
#include "data.hpp"
#include "images/image_commands.hpp"
#include "kernad/io.hpp"
#include "kernad/metrics.hpp"
#include "labelled_reader.hpp"
#include "model.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "report/report.hpp"
#include "scoring.hpp"

namespace kernad::cli {
namespace {

struct TestOptions {
  std::string model;
  Sources data;
  std::string labels;
  std::string report;  ///< page to write; empty: none
  TableOptions table;
  CommonOptions common;
};

constexpr auto kTestFooter =
    "LABELS is a column of DATA if that is a .csv or .tsv: its name, or its number counted\n"
    "from 0 (-1 is the last). Otherwise it is a file: labels.npy, labels.csv, file.npz:y.\n"
    "Normal: 0, false, no, normal, good, ok, inlier, pass. Anomalous: 1, true, yes, anomaly,\n"
    "anomalous, bad, ng, nok, outlier, fail, defect; -1 where normal is 1; and anything else where\n"
    "some are good. Any other: see --normal-label.\n\n"
    "F1Max_threshold is a log_density: at F1Max, rows with log_density <= F1Max_threshold are\n"
    "called anomalous.\n\n"
    "Example:\n  kernad test model.safetensors test.csv --labels class --report report.html";

/// For these, only the false alarms of a threshold can be measured.
bool is_normal_alone(const TestResult& result) {
  return !result.labels.empty() && std::ranges::count(result.labels, 0) == std::ssize(result.labels);
}

/// What is kept of all rows, which are read block by block.
struct Scored {
  TestResult result;
  std::vector<std::string> notes;
  OutsideNote outside;
};

Scored score(const TestOptions& options, const Sources& data, const KDEClassifier& model) {
  LabelledReader reader(data, {options.labels, options.table.normal_label},
                        options.table.read_options(model, options.common.threads));
  Progress progress("scoring", reader.total().value_or(0));
  Scored scored = {{}, {}, {model, data}};
  TestResult& result = scored.result;
  std::vector<std::uint32_t> codes;
  WorstRows worst;
  TrainedOnNote trained(model);
  while (const auto rows = reader.next()) {
    result.column_names = rows->table.column_names;
    result.has_ids = !rows->table.ids.empty();
    const auto scores = in_file(data, [&] { return log_densities(model, *rows); });
    trained.see(*rows);
    if (!options.report.empty()) worst.see(*rows, reader.codes(), scores);
    result.log_densities.insert(result.log_densities.end(), scores.begin(), scores.end());
    codes.insert(codes.end(), reader.codes().begin(), reader.codes().end());
    scored.outside.see(*rows);
    progress.advance(rows->all);
  }
  const auto meanings = reader.meanings();
  result.worst = worst.take(meanings);
  result.labels.resize(codes.size());
  std::ranges::transform(codes, result.labels.begin(), [&](std::uint32_t code) { return meanings[code]; });
  scored.notes = reader.notes();
  trained.add_to(scored.notes, data, "it judges those better than new ones");
  return scored;
}

void measure(const Sources& data, const KDEClassifier& model, TestResult& result) {
  in_file(data, [&] {
    if (model.has_threshold()) {
      result.confusion = confusion_matrix(model.threshold().labels(result.log_densities), result.labels);
    }
    if (result.confusion && is_normal_alone(result)) {
      result.metrics.normal_count = result.labels.size();
      return;
    }
    result.metrics = evaluate(anomaly_scores(result), result.labels);
    auto& threshold = result.metrics.F1Max_threshold;
    threshold = 0.0 - threshold;  // a log_density again
  });
}

void print_false_alarms(const TestResult& result, const KDEClassifier& model, bool as_json) {
  const ConfusionMatrix& confusion = *result.confusion;
  if (as_json) {
    print_json({{"n_normal", result.metrics.normal_count},
                {"n_anomalous", 0},
                {"threshold", threshold_json(model.threshold())},
                {"FPR", confusion.FPR()},
                {"false_positives", confusion.false_positives},
                {"true_negatives", confusion.true_negatives}});
    return;
  }
  print_table({{"n_normal", fmt::format("{}", result.metrics.normal_count)},
               {"n_anomalous", "0"},
               {"threshold", threshold_text(model.threshold())},
               {"FPR", fmt::format("{:.6f}", confusion.FPR())},
               {"false_positives", fmt::format("{}", confusion.false_positives)},
               {"true_negatives", fmt::format("{}", confusion.true_negatives)}});
}

void print_result(const TestResult& result, const KDEClassifier& model, bool as_json) {
  const auto& metrics = result.metrics;
  if (is_normal_alone(result)) {
    print_false_alarms(result, model, as_json);
    return;
  }
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

void run(const CLI::App& command, const TestOptions& options) {
  require_file(options.report, "--report");
  const Sources data = expand(options.data);
  if (is_image_model(options.model)) {
    return test_images({&command, options.model, data, options.report, {}, {}, options.common});
  }
  if (options.labels.empty()) throw InvalidParameter("--labels is required; see kernad test --help");
  std::vector<std::string> inputs = data;
  inputs.insert(inputs.end(), {options.model, options.labels});
  require_another_file(options.report, inputs, "--report");
  const KDEClassifier model = load_model(options.model, options.common);
  auto [result, notes, outside] = score(options, data, model);
  measure(data, model, result);
  if (!options.report.empty() && is_normal_alone(result)) {
    throw InvalidInput(name_of(data) + ": 0 are labelled anomalous; a report needs rows of both classes");
  }
  // Before anything is printed, so that a failed page leaves no output that looks complete.
  if (!options.report.empty()) {
    const auto page = report_page(options.model, name_of(data), model, result, options.common.threads);
    write_file_atomically(options.report, std::as_bytes(std::span(page)));
  }
  print_result(result, model, options.common.json);
  print_notes(notes);
  outside.print();
  print_load_notes(model);
}

}  // namespace

void add_test(CLI::App& app) {
  auto options = std::make_shared<TestOptions>();
  CLI::App* command = app.add_subcommand("test", "Measure how well a model finds labelled anomalies");
  command->add_option("MODEL", options->model, "Model file")->required()->type_name("");
  command
      ->add_option(
          "DATA", options->data,
          "Rows: .npy, .npz[:ARRAY], .safetensors[:ARRAY], .csv, .tsv or -; several are read as one table. Or a folder "
          "of images "
          "in the layout of MVTec AD")
      ->required()
      ->type_name("");
  command->add_option("--labels", options->labels, "Which rows are anomalous: a column of DATA, or a file (tables)")
      ->check(not_empty())
      ->type_name("COLUMN|FILE");
  command->add_option("--report", options->report, "Also write an HTML page with intervals, curves and the worst rows")
      ->check(not_empty())
      ->type_name("FILE");
  add_no_pruning(*command, options->common);
  add_table_options(*command, options->table);
  add_normal_label(*command, options->table);
  add_columns_by(*command, options->table);
  add_common(*command, options->common);
  command->footer(std::string(kTestFooter) + kExitStatus);
  command->callback([options, command] { run(*command, *options); });
}

}  // namespace kernad::cli
