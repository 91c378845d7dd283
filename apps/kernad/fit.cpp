// kernad fit: learns a model from rows of normal examples.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "data.hpp"
#include "estimation.hpp"
#include "model.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace kernad::cli {
namespace {

struct FitOptions {
  std::string train;
  std::string model;
  EstimatorOptions estimator;
  std::string labels;
  std::optional<double> target_fpr;
  std::optional<std::size_t> folds;
  CommonOptions common;
};

/// Cross-conformal, where one of its options is given: --folds alone gives p-values and leaves the threshold for later.
void calibrate(const FitOptions& options, EmbeddingsView rows, KDEClassifier& model) {
  if (!options.target_fpr && !options.folds) return;
  const std::size_t folds = options.folds.value_or(10);
  Progress progress("calibrating", std::min(folds, model.report().rows_used));
  model.calibrate(rows, folds, [&](std::size_t, std::size_t) { progress.advance(1); });
  if (options.target_fpr) model.set_target_fpr(*options.target_fpr);
}

void report(const FitOptions& options, const KDEClassifier& model, std::size_t left_out) {
  print_notes(model.report().notes);
  if (options.common.json) {
    auto json = model_json(options.model, model);
    json["rows_left_out"] = left_out;
    print_json(json);
    return;
  }
  auto table = model_table(options.model, model);
  if (!options.labels.empty()) table.emplace_back("anomalous rows left out", fmt::format("{}", left_out));
  print_table(table);
}

void run(const FitOptions& options) {
  require_another_file(options.model, {options.train, options.labels});
  KDEClassifier model(options.estimator.classifier_options());
  model.set_threads(options.common.threads);

  Embeddings rows;
  std::size_t left_out = 0;
  if (options.labels.empty()) {
    rows = read_features(options.train, options.common.csv_header());
  } else {
    const auto data = read_labelled(options.train, options.labels, options.common.csv_header());
    rows = normal_rows(data);
    left_out = data.labels.size() - rows.rows();
  }
  const bool fitted = in_file(options.train, [&] {
    const Progress progress("fitting");
    return model.fit(rows);
  });
  if (!fitted) {
    throw InvalidInput(fmt::format("{}: {} {}rows are too few; {} components need at least as many (see --components)",
                                   options.train, rows.rows(), options.labels.empty() ? "" : "normal ",
                                   model.options().n_pca_components.count()));
  }
  in_file(options.train, [&] { calibrate(options, rows, model); });
  model.save(options.model);
  report(options, model, left_out);
}

}  // namespace

void add_fit(CLI::App& app) {
  auto options = std::make_shared<FitOptions>();
  CLI::App* command = app.add_subcommand("fit", "Learn a model from examples of what is normal");
  command->add_option("TRAIN", options->train, "Examples: .npy, .npz[:ARRAY], .safetensors[:ARRAY], .csv, .tsv or -")
      ->required()
      ->type_name("");
  command->add_option("-o,--output", options->model, "Model file to write (.safetensors)")
      ->required()
      ->type_name("MODEL");
  options->estimator.add_to(*command);
  command->add_option("--labels", options->labels, "Labels (see kernad test); rows labelled anomalous are left out")
      ->check(not_empty())
      ->type_name("COLUMN|FILE");
  command
      ->add_option("--target-fpr", options->target_fpr,
                   "Calibrate: at most this share of new normal rows shall be called anomalous")
      ->type_name("RATE");
  command
      ->add_option("--folds", options->folds,
                   "Calibrate by F refits, each without one part of the rows; with --target-fpr 10")
      ->check(whole_number())
      ->type_name("F");
  add_common(*command, options->common);
  command->footer(std::string("Examples:\n  kernad fit train.npy -o model.safetensors --auto\n"
                              "  kernad fit train.npy -o model.safetensors --components 0.95\n"
                              "  kernad fit train.csv --labels class -o model.safetensors --target-fpr 0.01") +
                  kExitStatus);
  command->callback([options] { run(*options); });
}

}  // namespace kernad::cli
