// The options of kernad embed. Compiled with and without the component.
#include <CLI/CLI.hpp>
#include <memory>

#include "../commands.hpp"
#include "../data.hpp"
#include "../options.hpp"
#include "image_commands.hpp"

namespace kernad::cli {
namespace {

struct EmbedCommandOptions {
  Sources data;
  std::string output;
  EmbedOptions embed;
  CommonOptions common;
};

}  // namespace

void add_embed(CLI::App& app) {
  auto options = std::make_shared<EmbedCommandOptions>();
  CLI::App* command = app.add_subcommand("embed", "Turn images into rows for the other commands, as DFKDE does");
  command->add_option("IMAGES", options->data, "A folder, at any depth; files")->required()->type_name("");
  command
      ->add_option("-o,--output", options->output,
                   "File to write: .csv, .tsv, .json, .jsonl, .ndjson (with the file names), .npy; default: CSV on "
                   "standard output")
      ->type_name("FILE");
  add_image_options(*command, options->embed);
  add_common(*command, options->common);
  command->footer(
      std::string("A row holds the mean of each channel of the network's layers, which are joined in the order of\n"
                  "--layers. The columns' names stand for the network, its size and normalisation as well, so that a\n"
                  "model refuses rows that were made otherwise.\n\nExamples:\n"
                  "  kernad embed good/ -o good.csv\n"
                  "  kernad fit good.csv --id file -o model.safetensors\n"
                  "  kernad embed new/ | kernad predict model.safetensors - --id file") +
      kExitStatus);
  command->callback([options, command] {
    const Sources data = expand(options->data);
    if (!are_images(data)) throw InvalidParameter(name_of(data) + ": is no image, and no folder of images");
    embed_images({command, {}, data, options->output, {}, {}, options->common}, options->embed);
  });
}

}  // namespace kernad::cli
