// kernad calibrate: another threshold, or other normal rows to derive it from, without a refit.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
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
#include "images/image_commands.hpp"
#include "kernad/normal_rows.hpp"
#include "labelled_reader.hpp"
#include "model.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "row_reader.hpp"
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

std::vector<std::uint8_t> marks(const std::vector<std::uint32_t>& codes, const std::vector<std::uint8_t>& meanings) {
  std::vector<std::uint8_t> labels(codes.size());
  std::ranges::transform(codes, labels.begin(), [&](std::uint32_t code) { return meanings[code]; });
  return labels;
}

/// Reads labelled rows block by block, and calls `take` for each; returns their labels.
std::vector<std::uint8_t> read_blocks(const CalibrateOptions& options, const Sources& data, const KDEClassifier& model,
                                      const auto& take) {
  LabelledReader reader(data, {options.labels, options.table.normal_label},
                        options.table.read_options(model, options.common.threads));
  Progress progress("scoring", reader.total().value_or(0));
  std::vector<std::uint32_t> codes;
  while (const auto rows = reader.next()) {
    in_file(data, [&] { take(*rows); });
    codes.insert(codes.end(), reader.codes().begin(), reader.codes().end());
    progress.advance(rows->all);
  }
  auto labels = marks(codes, reader.meanings());
  print_notes(reader.notes());
  return labels;
}

void read_unlabelled(const CalibrateOptions& options, const KDEClassifier& model, NormalRows& normals) {
  RowReader reader(options.normals, options.table.read_options(model, options.common.threads));
  Progress progress("scoring", reader.total().value_or(0));
  while (const auto rows = reader.next()) {
    in_file(options.normals, [&] { rows->with_all([&](const auto& features) { normals.add(features); }); });
    progress.advance(rows->all);
  }
  print_notes(reader.notes());
}

void calibrate_from_normals(const CalibrateOptions& options, KDEClassifier& model) {
  NormalRows normals(model);
  if (options.labels.empty()) {
    read_unlabelled(options, model, normals);
  } else {
    auto labels = read_blocks(options, options.normals, model, [&](const Rows& rows) {
      rows.with_all([&](const auto& features) { normals.add(features); });
    });
    for (std::uint8_t& label : labels) label = label == 0 ? 1 : 0;
    normals.keep(labels);
  }
  if (options.target_fpr) Calibration::require_fpr(*options.target_fpr, normals.size());
  in_file(options.normals, [&] { model.calibrate_from(normals); });
}

Threshold best_threshold(const CalibrateOptions& options, const KDEClassifier& model) {
  std::vector<double> scores;
  const auto labels = read_blocks(options, options.labelled, model, [&](const Rows& rows) {
    const auto block = log_densities(model, rows);
    scores.insert(scores.end(), block.begin(), block.end());
  });
  return in_file(options.labelled, [&] { return Threshold::at_largest_f1(scores, labels); });
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
  if (is_image_model(options.model)) {
    throw InvalidParameter(options.model +
                           ": is a model of images; calibrate takes one of rows; valid: fit --target-fpr");
  }
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
