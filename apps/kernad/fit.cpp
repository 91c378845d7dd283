// kernad fit: learns a model from rows of normal examples.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

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
  EstimationOptions estimation;
  std::string scaling = "scale";
  std::size_t max_training_points = KDEClassifierOptions{}.max_training_points;
  std::uint64_t seed = KDEClassifierOptions{}.seed;
  std::string labels;
  CommonOptions common;
};

KDEClassifierOptions classifier_options(const FitOptions& options) {
  KDEClassifierOptions wanted;
  apply_estimation(options.estimation, wanted);
  wanted.feature_scaling_method = feature_scaling_method(options.scaling);
  wanted.max_training_points = options.max_training_points;
  wanted.seed = options.seed;
  return wanted;
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
  require_another_file(options.model, options.train);
  KDEClassifier model(classifier_options(options));
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
  add_estimation(*command, options->estimation);
  command->add_option("--scaling", options->scaling, "scale: by the longest training row; norm: each row to length 1")
      ->check(quiet(CLI::IsMember({"scale", "norm"})))
      ->type_name("scale|norm")
      ->capture_default_str();
  command->add_option("--max-training-points", options->max_training_points, "Of more rows a sample of N is used")
      ->check(whole_number())
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Seed of that sample")
      ->check(whole_number())
      ->type_name("S")
      ->capture_default_str();
  command->add_option("--labels", options->labels, "Labels (see kernad test); rows labelled anomalous are left out")
      ->check(not_empty())
      ->type_name("COLUMN|FILE");
  add_common(*command, options->common);
  command->footer(std::string("Example:\n  kernad fit train.npy -o model.safetensors --components 0.95") + kExitStatus);
  command->callback([options] { run(*options); });
}

}  // namespace kernad::cli
