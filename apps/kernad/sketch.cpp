// kernad sketch: the rows of one part of a data set that a fit of the whole would sample.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "commands.hpp"
#include "data.hpp"
#include "images/pictures.hpp"
#include "options.hpp"
#include "output.hpp"
#include "sketching.hpp"

namespace kernad::cli {
namespace {

struct SketchCommandOptions {
  Sources data;
  std::string output;
  std::uint64_t first_row = 0;
  SketchOptions sample;
  std::string labels;
  TableOptions table;
  CommonOptions common;
};

void check(const SketchCommandOptions& options, const Sources& data) {
  require_file(options.output, "--output");
  if (!options.output.ends_with(".sketch")) {
    throw InvalidParameter(options.output + ": the ending of a sketch is .sketch, by which kernad fit knows it");
  }
  require_another_file(options.output, data);
  if (are_pictures(data)) throw InvalidParameter(name_of(data) + ": there is no sketch of pictures; rows are needed");
  if (options.labels.empty() == options.table.normal_label.empty()) return;
  throw InvalidParameter(
      "--labels and --normal-label go together: what another label means can depend on rows that are in another part");
}

void run(const SketchCommandOptions& options) {
  const Sources data = expand(options.data);
  check(options, data);
  ReadOptions reading = options.table.read_options();
  reading.keep_rest = true;
  reading.label_column = options.labels;
  const auto [sketch, notes] = sketch_of(data, reading, options.sample, options.first_row, options.table.normal_label);
  if (sketch.ranges().empty()) throw InvalidInput(name_of(data) + ": has no rows");
  sketch.save(options.output);
  print_notes(notes);
  print_sketch(options.output, sketch, options.common);
}

constexpr const char* kSketchFooter =
    "Every row of the data set has a number: the first row of a part is --first-row, and a fit\n"
    "takes parts that together are rows 0, 1, 2 ... without a gap, in any order. It gives the same\n"
    "model, byte for byte, as a fit of all rows at once.\n\n"
    "Example:\n  kernad sketch part1.npy -o part1.sketch\n"
    "  kernad sketch part2.npy --first-row 1000000 -o part2.sketch\n"
    "  kernad fit part1.sketch part2.sketch -o model.safetensors --auto";

}  // namespace

void add_sketch(CLI::App& app) {
  auto options = std::make_shared<SketchCommandOptions>();
  CLI::App* command = app.add_subcommand("sketch", "Sample one part of a data set, for a fit of all parts together");
  command
      ->add_option("DATA", options->data,
                   "Rows: .npy, .npz[:ARRAY], .safetensors[:ARRAY], .csv, .tsv or -; several are read as one table")
      ->required()
      ->type_name("");
  command->add_option("-o,--output", options->output, "Sketch to write (.sketch)")->required()->type_name("SKETCH");
  command->add_option("--first-row", options->first_row, "Number of the first row of DATA in the data set, from 0")
      ->check(whole_number(std::uint64_t{1} << 62))
      ->type_name("N")
      ->capture_default_str();
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
  command
      ->add_option("--labels", options->labels,
                   "Column of labels; rows with another label than --normal-label are left out")
      ->check(not_empty())
      ->type_name("COLUMN");
  add_table_options(*command, options->table);
  add_normal_label(*command, options->table);
  add_json(*command, options->common);
  command->footer(std::string(kSketchFooter) + kExitStatus);
  command->callback([options] { run(*options); });
}

}  // namespace kernad::cli
