// The options of kernad watch. Compiled with and without the component.
#include <CLI/CLI.hpp>
#include <memory>

#include "../commands.hpp"
#include "../options.hpp"
#include "image_commands.hpp"

namespace kernad::cli {
namespace {

struct WatchCommandOptions {
  std::string model;
  std::string folder;
  WatchOptions watch;
  CommonOptions common;
};

}  // namespace

void add_watch(CLI::App& app) {
  auto options = std::make_shared<WatchCommandOptions>();
  CLI::App* command = app.add_subcommand("watch", "Judge images as they arrive in a folder, until told to stop");
  command->add_option("MODEL", options->model, "Model file, of images")->required()->type_name("");
  command->add_option("FOLDER", options->folder, "Folder that images arrive in, at any depth")
      ->required()
      ->type_name("");
  command
      ->add_option("--heatmaps", options->watch.heatmaps,
                   "Folder for each image's heat map: as an overlay, .png, and in nats, .npy")
      ->check(not_empty())
      ->type_name("FOLDER");
  command->add_option("--count", options->watch.count, "Stop after N images")->check(whole_number())->type_name("N");
  add_common(*command, options->common);
  command->footer(
      std::string(
          "A line is written for each image once it is complete, those first that are there at the start: as CSV,\n"
          "or with --json an object a line. Images that cannot be read are reported on standard error. Ctrl-C\n"
          "ends it.\n\nExample:\n  kernad watch model.safetensors incoming/ --heatmaps maps/ | tee -a verdicts.csv") +
      kExitStatus);
  command->callback([options, command] {
    if (!is_image_model(options->model)) {
      throw InvalidParameter(options->model +
                             ": is no model of images; for rows that arrive see kernad predict MODEL -");
    }
    watch_images({command, options->model, {options->folder}, {}, {}, {}, options->common}, options->watch);
  });
}

}  // namespace kernad::cli
