// kernad calibrate: another threshold, or other normal rows to derive it from, without a refit.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "calibration.hpp"
#include "commands.hpp"
#include "data.hpp"
#include "model.hpp"
#include "options.hpp"
#include "output.hpp"
#include "scoring.hpp"

namespace kernad::cli {
namespace {

struct CalibrateOptions {
  std::string model;
  std::string output;
  Sources normals;
  Sources labelled;
  std::string labels;
  std::optional<double> target_fpr;
  std::optional<double> log_density;
  std::optional<double> probability;
  TableOptions table;
  CommonOptions common;

  [[nodiscard]] bool has_rule() const { return target_fpr || log_density || probability || !labelled.empty(); }
};

constexpr auto kCalibrateFooter =
    "Rows with log_density <= threshold are called anomalous. A model that kernad fit --target-fpr\n"
    "calibrated needs no data for another rate.\n\n"
    "Examples:\n"
    "  kernad calibrate model.safetensors --target-fpr 0.05\n"
    "  kernad calibrate model.safetensors --normals later.npy --target-fpr 0.01 -o calibrated.safetensors\n"
    "  kernad calibrate model.safetensors --f1 labelled.csv --labels class";

void calibrate_from_normals(const CalibrateOptions& options, KDEClassifier& model) {
  const ReadOptions reading = options.table.read_options(model);
  const LabelSource labels = {options.labels, options.table.normal_label};
  const Rows rows = options.labels.empty() ? read_rows(options.normals, reading)
                                           : normal_rows(read_labelled(options.normals, labels, reading));
  if (options.target_fpr) Calibration::require_fpr(*options.target_fpr, rows.features.rows());
  in_file(options.normals, [&] { rows.with_all([&](const auto& normals) { model.calibrate_from(normals); }); });
  print_notes(rows.table.notes);
}

Threshold best_threshold(const CalibrateOptions& options, const KDEClassifier& model) {
  const Rows rows =
      read_labelled(options.labelled, {options.labels, options.table.normal_label}, options.table.read_options(model));
  print_notes(rows.table.notes);
  return in_file(options.labelled, [&] { return Threshold::at_largest_f1(log_densities(model, rows), rows.labels); });
}

void choose_threshold(const CalibrateOptions& options, KDEClassifier& model) {
  if (options.target_fpr) {
    if (!model.is_calibrated()) {
      throw InvalidParameter(options.model + ": is not calibrated; give --normals, or fit with --target-fpr");
    }
    model.set_target_fpr(*options.target_fpr);
  }
  if (options.log_density) model.set_threshold(Threshold::at_log_density(*options.log_density));
  if (options.probability) model.set_threshold(Threshold::at_probability(*options.probability));
  if (!options.labelled.empty()) model.set_threshold(best_threshold(options, model));
}

/// Without another --output the model is rewritten; for a checkpoint that holds more than the classifier, that would
/// lose the rest.
void require_own_model(const std::string& path) {
  const auto metadata = read_safetensors(path).metadata;
  const auto format = metadata.find("format");
  if (format == metadata.end() || format->second != "kernad") {
    throw InvalidParameter(path + ": was not written by kernad and may hold more than the model; give --output");
  }
}

void run(CalibrateOptions options) {
  if (options.target_fpr) Calibration::require_fpr(*options.target_fpr, std::numeric_limits<std::uint32_t>::max());
  options.normals = expand(options.normals);
  options.labelled = expand(options.labelled);
  if (!options.has_rule() && options.normals.empty()) {
    throw InvalidParameter("nothing to change; give --target-fpr, --threshold, --probability, --f1 or --normals");
  }
  const std::string& output = options.output.empty() ? options.model : options.output;
  require_file(output, "--output");
  std::vector<std::string> inputs = options.normals;
  inputs.insert(inputs.end(), options.labelled.begin(), options.labelled.end());
  inputs.push_back(options.labels);
  require_another_file(output, inputs);
  KDEClassifier model = load_model(options.model, options.common);
  if (is_same_file(output, options.model)) require_own_model(options.model);
  if (!options.normals.empty()) {
    if (options.has_rule()) model.clear_threshold();  // its rate need not be possible with these rows
    calibrate_from_normals(options, model);
  }
  choose_threshold(options, model);

  model.save(output);
  if (options.common.json) {
    nlohmann::ordered_json json;
    json["model"] = output;
    add_calibration(json, model);
    print_json(json);
  } else {
    Table table = {{"model", output}};
    add_calibration(table, model);
    print_table(table);
  }
  print_load_notes(model);
}

}  // namespace

void add_calibrate(CLI::App& app) {
  auto options = std::make_shared<CalibrateOptions>();
  CLI::App* command = app.add_subcommand("calibrate", "Set a model's threshold, or the normal rows it is taken from");
  command->add_option("MODEL", options->model, "Model file; rewritten unless --output names another")
      ->required()
      ->type_name("");
  command->add_option("-o,--output", options->output, "Model file to write instead")
      ->check(not_empty())
      ->type_name("MODEL");
  auto* target =
      command->add_option("--target-fpr", options->target_fpr, "Share of new normal rows that may be called anomalous");
  auto* value = command->add_option("--threshold", options->log_density, "A log_density");
  auto* probability =
      command->add_option("--probability", options->probability, "The log_density with this probability");
  auto* f1 =
      command->add_option("--f1", options->labelled, "The log_density with the largest F1 on these labelled rows");
  auto* normals =
      command->add_option("--normals", options->normals, "Calibrate on these normal rows, which the fit did not use");
  auto* labels =
      command->add_option("--labels", options->labels, "Labels of DATA (see kernad test); --normals skips anomalies");
  target->type_name("RATE")->excludes(value, probability, f1);
  value->type_name("VALUE")->excludes(probability, f1);
  probability->type_name("P")->excludes(f1);
  f1->type_name("DATA")->allow_extra_args(false)->check(not_empty())->needs(labels)->excludes(normals);
  normals->type_name("DATA")->allow_extra_args(false)->check(not_empty());
  labels->type_name("COLUMN|FILE")->check(not_empty());
  add_table_options(*command, options->table);
  add_normal_label(*command, options->table);
  add_columns_by(*command, options->table);
  add_common(*command, options->common);
  command->footer(std::string(kCalibrateFooter) + kExitStatus);
  command->callback([options] { run(*options); });
}

}  // namespace kernad::cli
