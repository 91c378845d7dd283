// kernad predict: log-density and anomaly probability of each row; p-value and label where the model is calibrated.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "data.hpp"
#include "model.hpp"
#include "options.hpp"
#include "output.hpp"
#include "scores_file.hpp"
#include "scoring.hpp"

namespace kernad::cli {
namespace {

struct PredictOptions {
  std::string model;
  std::string data;
  std::string output;
  std::string label_column;
  std::optional<double> fdr;
  CommonOptions common;
};

void write(const PredictOptions& options, const Scores& scores) {
  if (options.output.empty()) {
    print(options.common.json ? json_text(scores) : csv_text(scores));
    return;
  }
  write_scores(options.output, scores);
  if (options.common.json) {
    nlohmann::ordered_json json;
    json["rows"] = scores.log_density.size();
    json["output"] = options.output;
    print_json(json);
  }
}

void run(const PredictOptions& options) {
  if (!options.output.empty()) {
    require_known_ending(options.output);
    require_another_file(options.output, {options.data, options.model});
  }
  const KDEClassifier model = load_model(options.model, options.common);
  if (options.fdr && !model.is_calibrated()) {
    throw InvalidParameter(options.model + ": is not calibrated, as --fdr needs it; see kernad calibrate");
  }
  const Embeddings rows = read_features(options.data, options.common.csv_header(), options.label_column);
  const auto log_density = in_file(options.data, [&] { return log_densities(model, rows); });
  const auto probability = KDEClassifier::compute_probabilities(log_density);
  std::optional<std::vector<double>> p_value;
  std::optional<std::vector<std::uint8_t>> label;
  if (model.is_calibrated()) p_value = model.calibration().p_values(log_density);
  if (options.fdr) {
    label = benjamini_hochberg(*p_value, *options.fdr);
  } else if (model.has_threshold()) {
    label = model.threshold().labels(log_density);
  }
  write(options, {log_density, probability, p_value, label});
  print_notes(model.report().notes);
}

}  // namespace

void add_predict(CLI::App& app) {
  auto options = std::make_shared<PredictOptions>();
  CLI::App* command = app.add_subcommand("predict", "Score rows: log_density, probability, p_value and label");
  command->add_option("MODEL", options->model, "Model file")->required()->type_name("");
  command->add_option("DATA", options->data, "Rows: .npy, .npz[:ARRAY], .safetensors[:ARRAY], .csv, .tsv or -")
      ->required()
      ->type_name("");
  command
      ->add_option("-o,--output", options->output,
                   "File to write: .csv, .npy (log_density alone) or .json; without it CSV on standard output")
      ->check(not_empty())
      ->type_name("FILE");
  command->add_option("--labels", options->label_column, "Column of a .csv or .tsv that is a label, not a feature")
      ->check(not_empty())
      ->type_name("COLUMN");
  command
      ->add_option("--fdr", options->fdr,
                   "Label the batch so that at most this share of those called anomalous is normal")
      ->type_name("RATE");
  add_no_pruning(*command, options->common);
  add_common(*command, options->common);
  command->footer(
      std::string(
          "p_value is there when the model is calibrated, label (1 is anomalous) when it has a\n"
          "threshold: see kernad calibrate.\n\nExample:\n  kernad predict model.safetensors new.csv -o scores.csv") +
      kExitStatus);
  command->callback([options] { run(*options); });
}

}  // namespace kernad::cli
