// The options of kernad watch. Compiled with and without the component.
#include <CLI/CLI.hpp>
#include <memory>

#include "../commands.hpp"
#include "../options.hpp"
#include "pictures.hpp"

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
  CLI::App* command = app.add_subcommand("watch", "Judge pictures as they arrive in a folder, until told to stop");
  command->add_option("MODEL", options->model, "Model file, of pictures")->required()->type_name("");
  command->add_option("FOLDER", options->folder, "Folder that pictures arrive in, at any depth")
      ->required()
      ->type_name("");
  command
      ->add_option("--heatmaps", options->watch.heatmaps,
                   "Folder for each picture's heat map: as an overlay, .png, and in nats, .npy")
      ->check(not_empty())
      ->type_name("FOLDER");
  command->add_option("--count", options->watch.count, "Stop after N pictures")->check(whole_number())->type_name("N");
  add_common(*command, options->common);
  command->footer(
      std::string(
          "A line is written for each picture once it is complete, those first that are there at the start: as CSV,\n"
          "or with --json an object a line. Pictures that cannot be read are reported on standard error. Ctrl-C\n"
          "ends it.\n\nExample:\n  kernad watch model.safetensors incoming/ --heatmaps maps/ | tee -a verdicts.csv") +
      kExitStatus);
  command->callback([options, command] {
    if (!is_picture_model(options->model)) {
      throw InvalidParameter(options->model +
                             ": is no model of pictures; for rows that arrive see kernad predict MODEL -");
    }
    watch_pictures({command, options->model, {options->folder}, {}, {}, {}, options->common}, options->watch);
  });
}

}  // namespace kernad::cli
