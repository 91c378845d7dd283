// kernad predict: log-density and anomaly probability of each row; p-value and label if the model is calibrated.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "data.hpp"
#include "images/image_commands.hpp"
#include "model.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "row_reader.hpp"
#include "scores_file.hpp"
#include "scoring.hpp"

namespace kernad::cli {
namespace {

struct PredictOptions {
  std::string model;
  Sources data;
  std::string output;
  std::string label_column;
  std::optional<double> fdr;
  std::optional<std::size_t> top;
  bool only_anomalous = false;
  bool append = false;
  TableOptions table;
  ImageScoreOptions images;
  CommonOptions common;
};

/// A value for each row of the sources; NaN for those that have no score.
template <typename Value>
std::vector<double> for_all_rows(const Rows& rows, const std::vector<Value>& values) {
  std::vector<double> all(rows.all, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < values.size(); ++i)
    all[rows.numbers[i] - rows.first_number] = static_cast<double>(values[i]);
  return all;
}

/// The scores' columns. The results of the threshold come first: they are the verdict, with which the reference's
/// probability, on its fixed scale, need not agree.
std::vector<OutputColumn> score_columns(const PredictOptions& options, const KDEClassifier& model, const Rows& rows,
                                        const std::vector<double>& log_density) {
  std::vector<OutputColumn> columns;
  const auto add = [&](const char* name, const auto& values) { columns.push_back({name, for_all_rows(rows, values)}); };
  if (options.fdr) {
    add("label", benjamini_hochberg(model.calibration().p_values(log_density), *options.fdr));
  } else if (model.has_threshold()) {
    add("label", model.threshold().labels(log_density));
    add("score", model.threshold().scores(log_density));
  }
  const bool decided = !columns.empty();
  const auto p_values = model.is_calibrated() ? model.calibration().p_values(log_density) : std::vector<double>();
  if (decided && model.is_calibrated()) add("p_value", p_values);
  add("log_density", log_density);
  add("probability", KDEClassifier::compute_probabilities(log_density));
  if (!decided && model.is_calibrated()) add("p_value", p_values);
  return columns;
}

/// Which rows are written: with --top or --only-anomalous the most anomalous first, else all in order.
std::vector<std::size_t> chosen_rows(const PredictOptions& options, const Rows& rows,
                                     const std::vector<OutputColumn>& columns, const std::vector<double>& log_density) {
  std::vector<std::size_t> chosen(rows.all);
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  if (!options.top && !options.only_anomalous) return chosen;
  std::vector<std::size_t> order(log_density.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return log_density[i]; });
  chosen.clear();
  for (const std::size_t i : order) {
    const std::size_t row = rows.numbers[i] - rows.first_number;
    if (options.only_anomalous && std::get<0>(columns[0].values)[row] != 1) continue;
    if (options.top && chosen.size() == *options.top) break;
    chosen.push_back(row);
  }
  return chosen;
}

/// The file of a row, if there are several, and its number there.
struct Places {
  Sources files;
  std::span<const std::size_t> first_rows;  ///< of the files

  [[nodiscard]] std::vector<OutputColumn> columns(const Rows& rows) const {
    std::vector<std::string> names;
    std::vector<std::size_t> numbers;
    for (std::size_t row = rows.first_number; row < rows.first_number + rows.all; ++row) {
      const auto file = std::ranges::upper_bound(first_rows, row) - first_rows.begin() - 1;
      if (files.size() > 1) names.push_back(files[static_cast<std::size_t>(file)]);
      numbers.push_back(row - first_rows[static_cast<std::size_t>(file)]);
    }
    std::vector<OutputColumn> columns;
    if (files.size() > 1) columns.push_back({"file", std::move(names)});
    columns.push_back({"row", std::move(numbers)});
    return columns;
  }
};

/// The columns before the scores: the rows' ids, or with --append all input columns. Adds their places to the scores if
/// the rows are chosen and have no ids.
std::vector<OutputColumn> own_columns(const PredictOptions& options, Rows& rows, std::vector<OutputColumn>& scores,
                                      const Places& places) {
  if ((options.top || options.only_anomalous) && rows.table.ids.empty()) {
    auto columns = places.columns(rows);
    scores.insert(scores.begin(), std::make_move_iterator(columns.begin()), std::make_move_iterator(columns.end()));
  }
  std::vector<OutputColumn> columns;
  for (TextColumn& column : options.append ? rows.table.fields : rows.table.ids) {
    columns.push_back({column.name, std::move(column.values)});
  }
  return columns;
}

Output make_output(const PredictOptions& options, const KDEClassifier& model, Rows& rows,
                   const std::vector<double>& log_density, const Places& places) {
  Output output;
  auto scores = score_columns(options, model, rows, log_density);
  output.rows = chosen_rows(options, rows, scores, log_density);
  output.scored.assign(rows.all, false);
  for (const std::size_t row : rows.numbers) output.scored[row - rows.first_number] = true;
  output.columns = own_columns(options, rows, scores, places);
  for (OutputColumn& column : scores) {
    // The input's own column keeps its name.
    const auto taken = [&](const OutputColumn& own) { return own.name == column.name; };
    if (std::ranges::any_of(output.columns, taken)) column.name = "kernad_" + column.name;
    output.columns.push_back(std::move(column));
  }
  return output;
}

/// Whether the output is a file and not standard output.
bool has_file(const PredictOptions& options) { return !options.output.empty() && !is_standard_output(options.output); }

/// Whether the output for a row depends on other rows or on their number: then nothing is written before the last row.
bool needs_all_rows(const PredictOptions& options) {
  const bool in_lines = has_file(options) ? can_be_streamed(options.output) : !options.common.json;
  return options.fdr || options.top || options.only_anomalous || !in_lines;
}

/// Scores every row, block by block; `take` gets the rows of each block and their log-densities.
void score(const Sources& data, const KDEClassifier& model, RowReader& reader, const auto& take) {
  Progress progress("scoring", reader.total().value_or(0));
  OutsideNote outside(model, data);
  while (auto rows = reader.next()) {
    auto log_density = in_file(data, [&] { return log_densities(model, *rows); });
    outside.see(*rows);
    progress.advance(rows->all);
    take(std::move(*rows), std::move(log_density));
  }
  print_notes(reader.notes());
  outside.print();
}

/// Writes rows as they arrive. Returns their number.
std::size_t write_blocks(const PredictOptions& options, const Sources& data, const KDEClassifier& model,
                         RowReader& reader) {
  ScoresWriter writer(has_file(options) ? options.output : "");
  std::size_t written = 0;
  score(data, model, reader, [&](Rows rows, const std::vector<double>& log_density) {
    const Output output = make_output(options, model, rows, log_density, {});
    written += output.rows.size();
    writer.write(output);
  });
  writer.finish();
  return written;
}

/// Writes rows once all are scored. The output for each row is kept, but not its features.
std::size_t write_all(const PredictOptions& options, const Sources& data, const KDEClassifier& model,
                      RowReader& reader) {
  Rows all;
  std::vector<double> log_density;
  score(data, model, reader, [&](Rows rows, const std::vector<double>& scores) {
    append(all, std::move(rows));
    log_density.insert(log_density.end(), scores.begin(), scores.end());
  });
  const Output output = make_output(options, model, all, log_density, {data, reader.first_rows()});
  if (has_file(options)) {
    write_output(options.output, output);
  } else {
    print(options.common.json ? json_text(output) : csv_text(output));
  }
  return output.rows.size();
}

void check(const PredictOptions& options, const Sources& data, const KDEClassifier& model) {
  if (has_file(options)) {
    require_known_ending(options.output);
    require_writable(options.output);
    std::vector<std::string> inputs = data;
    inputs.push_back(options.model);
    require_another_file(options.output, inputs);
  }
  if (options.fdr && !model.is_calibrated()) {
    throw InvalidParameter(options.model + ": is not calibrated, as --fdr needs it; see kernad calibrate");
  }
  if (options.fdr) (void)benjamini_hochberg({}, *options.fdr);  // throws for an invalid rate
  if (options.only_anomalous && !options.fdr && !model.has_threshold()) {
    throw InvalidParameter(options.model + ": has no threshold, as --only-anomalous needs it; see kernad calibrate");
  }
}

void run(const CLI::App& command, const PredictOptions& options) {
  const Sources data = expand(options.data);
  if (is_image_model(options.model)) {
    return predict_images({&command, options.model, data, options.output, {}, {}, options.common}, options.images);
  }
  refuse_image_options(command);
  const KDEClassifier model = load_model(options.model, options.common);
  check(options, data, model);
  ReadOptions reading = options.table.read_options(model, options.common.threads);
  reading.label_column = options.label_column;
  reading.keep_fields = options.append;
  reading.as_it_comes = true;
  RowReader reader(data, reading);
  const std::size_t written =
      needs_all_rows(options) ? write_all(options, data, model, reader) : write_blocks(options, data, model, reader);
  if (options.common.json && has_file(options)) print_json({{"rows", written}, {"output", options.output}});
  print_load_notes(model);
  if (!model.has_threshold() && !options.fdr) {
    print_error(
        "note: the model has no threshold; probability is of the reference's fixed scale and no verdict (see "
        "kernad calibrate)");
  }
}

}  // namespace

void add_predict(CLI::App& app) {
  auto options = std::make_shared<PredictOptions>();
  CLI::App* command = app.add_subcommand("predict", "Score rows: label, score, p_value, log_density and probability");
  command->add_option("MODEL", options->model, "Model file")->required()->type_name("");
  command
      ->add_option(
          "DATA", options->data,
          "Rows: .npy, .npz[:ARRAY], .safetensors[:ARRAY], .csv, .tsv or -; several are read as one table. Or images")
      ->required()
      ->type_name("");
  command
      ->add_option("-o,--output", options->output,
                   "File to write: .csv, .tsv, .jsonl, .json or .npy (only log_density); default: CSV on standard "
                   "output")
      ->check(not_empty())
      ->type_name("FILE");
  command->add_option("--labels", options->label_column, "Column of a .csv or .tsv that is a label, not a feature")
      ->check(not_empty())
      ->type_name("COLUMN");
  command
      ->add_option("--fdr", options->fdr,
                   "Label the batch so that at most this share of those called anomalous is normal")
      ->type_name("RATE");
  command->add_option("--top", options->top, "Write only the K most anomalous rows, the most anomalous first")
      ->check(whole_number())
      ->type_name("K");
  command->add_flag("--only-anomalous", options->only_anomalous, "Write only the rows with label 1, in that order");
  command->add_flag("--append", options->append, "Write the scores next to the input's own columns");
  add_no_pruning(*command, options->common);
  add_table_options(*command, options->table);
  add_columns_by(*command, options->table);
  add_image_options(*command, options->images);
  add_common(*command, options->common);
  command->footer(std::string("label (1 is anomalous) and score (0.5 is the threshold) are written if the model has a\n"
                              "threshold, p_value if it is calibrated: see kernad calibrate.\n\nExample:\n  kernad "
                              "predict model.safetensors new.csv -o scores.csv") +
                  kExitStatus);
  command->callback([options, command] { run(*command, *options); });
}

}  // namespace kernad::cli
