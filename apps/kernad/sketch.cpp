// kernad sketch: the rows of one part of a data set that a fit of the whole would sample.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "data.hpp"
#include "images/image_commands.hpp"
#include "options.hpp"
#include "output.hpp"
#include "sketching.hpp"
#include "weights.hpp"

namespace kernad::cli {
namespace {

struct SketchCommandOptions {
  Sources data;
  std::string output;
  std::optional<std::uint64_t> first_row;
  std::string forget;  ///< file of names
  SketchOptions sample;
  std::string labels;
  std::string weights;
  TableOptions table;
  CommonOptions common;
};

/// What is given on the command line: sketches to go on from, and rows.
struct Inputs {
  Sources sketches;
  Sources rows;
};

Inputs split(const Sources& data) {
  Inputs inputs;
  for (const std::string& source : data)
    (source.ends_with(".sketch") ? inputs.sketches : inputs.rows).push_back(source);
  return inputs;
}

void check(const CLI::App& command, const SketchCommandOptions& options, const Inputs& inputs) {
  require_file(options.output, "--output");
  if (!options.output.ends_with(".sketch")) {
    throw InvalidParameter(options.output + ": the ending of a sketch is .sketch, by which kernad fit knows it");
  }
  require_another_file(options.output, inputs.rows);
  require_another_file(options.output, {options.forget});
  if (are_images(inputs.rows)) {
    throw InvalidParameter(name_of(inputs.rows) + ": there is no sketch of images; rows are needed");
  }
  if (inputs.sketches.empty() && !options.forget.empty()) {
    throw InvalidParameter("--forget: rows are forgotten from a sketch, and none is given");
  }
  for (const char* option : {"--max-training-points", "--seed", "--all-rows"}) {
    if (inputs.sketches.empty() || command.get_option(option)->count() == 0) continue;
    throw InvalidParameter(fmt::format("{}: a sketch is given, which has its own", option));
  }
  if (!options.weights.empty()) {
    if (options.sample.all_rows) {
      throw InvalidParameter("--all-rows counts every row once; valid: no --weights, or no --all-rows");
    }
    require_another_file(options.output, {options.weights});
  }
  if (options.labels.empty() == options.table.normal_label.empty()) return;
  throw InvalidParameter(
      "--labels and --normal-label go together: what another label means can depend on rows that are in another part");
}

/// The lines of a file.
std::vector<std::string> names_in(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw ReadError(path + ": cannot be read");
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  if (file.bad()) throw ReadError(path + ": cannot be read");
  return names;
}

/// Notes which rows are not forgotten, because they are not there.
void forget(const std::string& path, Sketch& sketch, std::vector<std::string>& notes) {
  const auto names = names_in(path);
  Forgotten forgotten;
  try {
    forgotten = sketch.forget(names);
  } catch (const InvalidInput& error) {
    throw InvalidInput(path + ": " + error.what());
  }
  notes.push_back(
      fmt::format("{}: {} rows are forgotten; files that hold them, older sketches and models, are not "
                  "changed",
                  path, forgotten.rows));
  if (forgotten.not_kept.empty()) return;
  notes.push_back(fmt::format(
      "{}: {} names are those of no row in the sample, the first is '{}': rows that were left out, not sampled, or "
      "never there",
      path, forgotten.not_kept.size(), forgotten.not_kept[0]));
}

/// Rows by the columns of a sketch, if it knows their names.
ReadOptions reading_for(const SketchCommandOptions& options, const Sources& rows, const Sketch* old) {
  ReadOptions reading = options.table.read_options(options.common.threads);
  reading.keep_rest = true;
  reading.label_column = options.labels;
  if (!options.weights.empty() && is_weight_column(rows, options.weights, reading)) {
    reading.weight_column = options.weights;
  }
  if (old == nullptr) return reading;
  reading.model_columns = old->column_names();
  reading.known_columns = old->left_out_columns();
  return reading;
}

/// What is known of the rows: they begin at `first` unless the command says otherwise.
Sketched sketch_of_rows(const SketchCommandOptions& options, const Sources& rows, const Sketch* old,
                        const SketchOptions& sample, std::uint64_t first) {
  const ReadOptions reading = reading_for(options, rows, old);
  const std::string weights = reading.weight_column.empty() ? options.weights : "";
  return sketch_of(rows, reading, sample, options.common.threads,
                   {options.first_row.value_or(first), options.table.normal_label, weights});
}

/// The sketches together, without the rows that are to be forgotten; and the new rows, below theirs.
Sketch grown(const SketchCommandOptions& options, const Inputs& inputs, std::vector<std::string>& notes) {
  Sketch sketch = merged(inputs.sketches);
  if (!options.forget.empty()) forget(options.forget, sketch, notes);
  if (inputs.rows.empty()) return sketch;
  const std::uint64_t end = sketch.ranges().empty() ? 0 : sketch.ranges().back().last;
  auto [part, more] = sketch_of_rows(options, inputs.rows, &sketch, sketch.options(), end);
  notes.insert(notes.end(), more.begin(), more.end());
  in_file(inputs.rows, [&sketch, &added = part] { sketch.merge(added); });
  return sketch;
}

void run(const CLI::App& command, const SketchCommandOptions& options) {
  const Inputs inputs = split(expand(options.data));
  check(command, options, inputs);
  std::vector<std::string> notes;
  if (!inputs.sketches.empty()) {
    const Sketch sketch = grown(options, inputs, notes);
    sketch.save(options.output);
    print_notes(notes);
    return print_sketch(options.output, sketch, options.common);
  }
  const auto [sketch, more] = sketch_of_rows(options, inputs.rows, nullptr, options.sample, 0);
  if (sketch.ranges().empty()) throw InvalidInput(name_of(inputs.rows) + ": has no rows");
  sketch.save(options.output);
  print_notes(more);
  print_sketch(options.output, sketch, options.common);
}

constexpr const char* kSketchFooter =
    "Every row of the data set has a number: the first row of a part is --first-row, and a fit\n"
    "takes parts that together are rows 0, 1, 2 ... without a gap, in any order. It gives the same\n"
    "model, byte for byte, as a fit of all rows at once.\n\n"
    "Example:\n  kernad sketch part1.npy -o part1.sketch\n"
    "  kernad sketch part2.npy --first-row 1000000 -o part2.sketch\n"
    "  kernad fit part1.sketch part2.sketch -o model.safetensors --auto\n"
    "  kernad sketch old.sketch new.csv --forget ids.txt -o new.sketch";

}  // namespace

void add_sketch(CLI::App& app) {
  auto options = std::make_shared<SketchCommandOptions>();
  CLI::App* command = app.add_subcommand("sketch", "Sample one part of a data set, for a fit of all parts together");
  command
      ->add_option("DATA", options->data,
                   "Rows: .npy, .npz[:ARRAY], .safetensors[:ARRAY], .csv, .tsv or -; several are read as one table. "
                   "Sketches (.sketch): rows are added to theirs")
      ->required()
      ->type_name("");
  command->add_option("-o,--output", options->output, "Sketch to write (.sketch)")->required()->type_name("SKETCH");
  command
      ->add_option("--first-row", options->first_row,
                   "Number of the first row of DATA in the data set (with --weights, the sum of those before it); "
                   "default: 0, or the end of the sketches")
      ->check(whole_number(std::uint64_t{1} << 62))
      ->type_name("N");
  command
      ->add_option("--forget", options->forget,
                   "File with the ids of rows, one a line (numbers, if rows have no ids), to forget from the sketches")
      ->check(not_empty())
      ->type_name("FILE");
  command
      ->add_option("--max-training-points", options->sample.max_training_points,
                   "As of the fit: the same for all parts")
      ->check(whole_number())
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--seed", options->sample.seed, "As of the fit: the same for all parts")
      ->check(whole_number())
      ->type_name("S")
      ->capture_default_str();
  command->add_flag("--all-rows", options->sample.all_rows, "As of the fit: the same for all parts");
  command
      ->add_option("--labels", options->labels,
                   "Column of labels; rows with another label than --normal-label are left out")
      ->check(not_empty())
      ->type_name("COLUMN");
  command
      ->add_option("--weights", options->weights,
                   "How often each row counts, whole numbers: a column, or a file with one number per row")
      ->check(not_empty())
      ->type_name("COLUMN|FILE");
  add_table_options(*command, options->table);
  add_normal_label(*command, options->table);
  add_common(*command, options->common);
  command->footer(std::string(kSketchFooter) + kExitStatus);
  command->callback([options, command] { run(*command, *options); });
}

}  // namespace kernad::cli
