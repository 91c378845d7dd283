// kernad fit: learns a model from rows of normal examples.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "data.hpp"
#include "estimation.hpp"
#include "examples.hpp"
#include "images/image_commands.hpp"
#include "labels.hpp"
#include "model.hpp"
#include "normal_sketch.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "sketching.hpp"
#include "weighted_rows.hpp"
#include "weights.hpp"

namespace kernad::cli {
namespace {

struct FitOptions {
  Sources train;
  std::string model;
  EstimatorOptions estimator;
  std::string labels;
  std::string weights;
  std::optional<double> target_fpr;
  std::optional<std::size_t> folds;
  TableOptions table;
  ImageFitOptions images;
  CommonOptions common;
};

/// Calibrates if one of its options is given: --folds alone gives p-values without a threshold.
void calibrate(const FitOptions& options, const auto& examples, KDEClassifier& model) {
  if (!options.target_fpr && !options.folds) return;
  const std::size_t folds = options.folds.value_or(10);
  Progress progress("calibrating", std::min(folds, model.report().rows_used));
  examples.calibrate(model, folds, [&](std::size_t, std::size_t) { progress.advance(1); });
  if (options.target_fpr) model.set_target_fpr(*options.target_fpr);
}

/// The model finds its columns by the names that the table has.
void remember_columns(kernad::Table& table, KDEClassifier& model) {
  if (tell_columns_apart(table)) model.set_column_names(table.column_names, table.left_out);
}

/// Fits, calibrates, and lets the model remember the rows.
void learn(const FitOptions& options, const auto& examples, KDEClassifier& model) {
  bool fitted = false;
  {
    const Progress progress("fitting");
    fitted = examples.fit(model);
  }
  if (!fitted) {
    throw InvalidInput(fmt::format("{} {}rows are too few; {} components need at least as many (see --components)",
                                   examples.count(), options.labels.empty() ? "" : "normal ",
                                   model.options().n_pca_components.count()));
  }
  calibrate(options, examples, model);
  examples.remember(model);
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

/// Checked before any work: whether this many normal rows can guarantee the rate.
void require_rate(const FitOptions& options, std::size_t rows) {
  const std::size_t used = std::min(rows, options.estimator.classifier_options().max_training_points);
  if (options.target_fpr) Calibration::require_fpr(*options.target_fpr, used);
  if (options.folds.value_or(2) < 2) {
    throw InvalidParameter(fmt::format("--folds is {}; valid: 2 or more", *options.folds));
  }
}

/// Of rows with weights.
void learn_weighted(const FitOptions& options, const Sources& train, const WeightedRows& all, KDEClassifier& model) {
  const std::vector<double> none;
  in_file(train, [&] {
    if (all.count() == 0) (void)model.fit(Embeddings(0, all.sketch().columns()));  // says that there are none
  });
  if (all.are_whole()) {
    return in_file(train, [&] { learn(options, WeightedExamples{{all.sketch()}, all.count()}, model); });
  }
  const Rows rows = all.rows();
  in_file(train, [&] {
    rows.with_all([&](const auto& features) {
      learn(options, Examples<std::remove_cvref_t<decltype(features)>>{features, all.weights(), rows}, model);
    });
  });
}

/// Reads rows with weights block by block. Returns how many rows the labels leave out.
std::size_t learn_with_weights(const FitOptions& options, const Sources& train, const ReadOptions& reading,
                               KDEClassifier& model) {
  if (model.options().all_rows) {
    throw InvalidParameter("--all-rows counts every row once; valid: no --weights, or no --all-rows");
  }
  WeightedSample sample = weighted_sample_of(train, {options.labels, options.table.normal_label}, reading,
                                             reading.weight_column.empty() ? options.weights : "", model.options());
  const std::size_t count = sample.rows.count();
  if (const auto note = few_normal_note(train, count, sample.labelled); !note.empty()) {
    sample.table.notes.push_back(note);
  }
  learn_weighted(options, train, sample.rows, model);
  remember_columns(sample.table, model);
  print_notes(sample.table.notes);
  return sample.labelled == 0 ? 0 : sample.labelled - count;
}

void learn_sketch(const FitOptions& options, const Sources& train, const Sketch& sketch, KDEClassifier& model) {
  if (sketch.rows_seen() == 0) throw InvalidInput(name_of(train) + ": has no rows to learn from");
  require_rate(options, sketch.rows_seen());
  in_file(train, [&] { learn(options, SketchedExamples{sketch}, model); });
  if (!sketch.column_names().empty()) model.set_column_names(sketch.column_names(), sketch.left_out_columns());
}

SketchOptions sample_of(const KDEClassifierOptions& options) {
  return {options.max_training_points, options.seed, options.all_rows};
}

/// Reads block by block, and keeps the sample alone.
void learn_in_blocks(const FitOptions& options, const Sources& train, const ReadOptions& reading,
                     KDEClassifier& model) {
  const SketchOptions sample = sample_of(model.options());
  const auto [sketch, notes] = sketch_of(train, reading, sample, options.common.threads);
  learn_sketch(options, train, sketch, model);
  print_notes(notes);
}

/// The same of labelled rows. Returns how many the labels leave out.
std::size_t learn_labelled(const FitOptions& options, const Sources& train, const ReadOptions& reading,
                           KDEClassifier& model) {
  const SketchOptions sample = sample_of(model.options());
  NormalSketch normal =
      sketch_of_normal(train, {options.labels, options.table.normal_label}, reading, sample, options.common.threads);
  const std::size_t count = normal.sketch.rows_seen();
  if (const auto note = few_normal_note(train, count, normal.labelled); !note.empty()) {
    normal.table.notes.push_back(note);
  }
  if (count > 0) require_rate(options, count);
  in_file(train, [&] {
    if (count == 0) (void)model.fit(Embeddings(0, normal.sketch.columns()));  // says that there are none
    learn(options, LabelledExamples(normal), model);
  });
  remember_columns(normal.table, model);
  print_notes(normal.table.notes);
  return normal.labelled - count;
}

/// The classifier of these sketches: their options, unless others were given, which are refused. With --auto the sample
/// alone counts.
KDEClassifierOptions with_sample_of(const Sketch& sketch, const CLI::App& command, KDEClassifierOptions options) {
  if (command.get_option("--max-training-points")->count() == 0) {
    options.max_training_points = sketch.options().max_training_points;
  }
  if (command.get_option("--seed")->count() == 0) options.seed = sketch.options().seed;
  if (!options.automatic && command.get_option("--all-rows")->count() == 0)
    options.all_rows = sketch.options().all_rows;
  return options;
}

/// Sketches in place of rows, of which they have everything that a fit needs.
KDEClassifier learn_from_sketches(const CLI::App& command, const FitOptions& options, const Sources& train) {
  for (const char* option : {"--labels", "--weights", "--header", "--delimiter", "--decimal", "--missing", "--columns",
                             "--ignore", "--id", "--normal-label"}) {
    if (command.get_option(option)->count() == 0) continue;
    throw InvalidParameter(fmt::format("{}: applies to kernad sketch, not to a fit of sketches", option));
  }
  const Sketch sketch = merged(train);
  KDEClassifier model(with_sample_of(sketch, command, options.estimator.classifier_options()));
  model.set_threads(options.common.threads);
  learn_sketch(options, train, sketch, model);
  return model;
}

/// The estimator's options that also apply to images.
void run_images(const CLI::App& command, const FitOptions& options, const Sources& train) {
  ImageFitOptions images = options.images;
  if (command.get_option("--components")->count() != 0) {
    images.components = options.estimator.classifier_options().n_pca_components.count();
    if (images.components == 0) throw InvalidParameter("--components: with images a whole number is valid");
  }
  images.max_patches = options.estimator.classifier_options().max_training_points;
  if (command.get_option("--max-training-points")->count() == 0) images.max_patches = 0;
  if (const Bandwidth& bandwidth = options.estimator.classifier_options().kde.bandwidth;
      command.get_option("--bandwidth")->count() != 0) {
    if (bandwidth.rule() != Bandwidth::Rule::value)
      throw InvalidParameter("--bandwidth: with images a number is valid");
    images.bandwidth = bandwidth.value();
  }
  fit_images({&command, options.model, train, options.model, options.target_fpr, options.folds, options.common},
             images);
}

void run(const CLI::App& command, const FitOptions& options) {
  require_file(options.model, "--output");
  const Sources train = expand(options.train);
  if (are_images(train)) return run_images(command, options, train);
  refuse_image_options(command);
  std::vector<std::string> inputs = train;
  inputs.push_back(options.labels);
  inputs.push_back(options.weights);
  require_another_file(options.model, inputs);
  require_rate(options, std::numeric_limits<std::uint32_t>::max());
  if (are_sketches(train)) {
    const KDEClassifier model = learn_from_sketches(command, options, train);
    model.save(options.model);
    return report(options, model, 0);
  }
  KDEClassifier model(options.estimator.classifier_options());
  model.set_threads(options.common.threads);
  ReadOptions reading = options.table.read_options(options.common.threads);
  reading.keep_rest = true;
  if (!options.weights.empty() && is_weight_column(train, options.weights, reading)) {
    reading.weight_column = options.weights;
  }
  std::size_t left_out = 0;
  if (!options.weights.empty()) {
    left_out = learn_with_weights(options, train, reading, model);
  } else if (!options.labels.empty()) {
    left_out = learn_labelled(options, train, reading, model);
  } else {
    learn_in_blocks(options, train, reading, model);
  }
  model.save(options.model);
  report(options, model, left_out);
}

}  // namespace

void add_fit(CLI::App& app) {
  auto options = std::make_shared<FitOptions>();
  CLI::App* command = app.add_subcommand("fit", "Learn a model from examples of what is normal");
  command
      ->add_option(
          "TRAIN", options->train,
          "Examples: .npy, .npz[:ARRAY], .safetensors[:ARRAY], .csv, .tsv or -; several are read as one table. Or "
          "images: a folder, files")
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
      ->add_option("--weights", options->weights,
                   "How often each row counts: a column, or a file with one number per row")
      ->check(not_empty())
      ->type_name("COLUMN|FILE");
  command
      ->add_option("--target-fpr", options->target_fpr,
                   "Calibrate: at most this share of new normal rows shall be called anomalous")
      ->type_name("RATE");
  command
      ->add_option("--folds", options->folds,
                   "Calibrate by F refits, each without one part of the rows; 10 with --target-fpr")
      ->check(whole_number())
      ->type_name("F");
  add_table_options(*command, options->table);
  add_normal_label(*command, options->table);
  add_image_options(*command, options->images);
  add_common(*command, options->common);
  command->footer(std::string("Examples:\n  kernad fit train.npy -o model.safetensors --auto\n"
                              "  kernad fit train.npy -o model.safetensors --components 0.95\n"
                              "  kernad fit train.csv --labels class -o model.safetensors --target-fpr 0.01\n"
                              "  kernad fit good_images/ -o model.safetensors") +
                  kExitStatus);
  command->callback([options, command] { run(*command, *options); });
}

}  // namespace kernad::cli
