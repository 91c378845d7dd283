// kernad info: describes a model, or this build and machine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "images/image_commands.hpp"
#include "kernad/system_info.hpp"
#include "model.hpp"
#include "options.hpp"
#include "output.hpp"
#include "sketching.hpp"

namespace kernad::cli {
namespace {

struct InfoOptions {
  std::string model;
  CommonOptions common;
};

void show_model(const InfoOptions& options) {
  if (are_sketches({options.model})) return print_sketch(options.model, Sketch::load(options.model), options.common);
  if (is_image_model(options.model)) return show_image_model({nullptr, options.model, {}, {}, {}, {}, options.common});
  const KDEClassifier model = load_model(options.model);
  if (options.common.json) {
    print_json(model_json(options.model, model));
  } else {
    print_table(model_table(options.model, model));
  }
  print_load_notes(model);
}

void show_system(bool as_json) {
  const SystemInfo info = system_info();
  if (as_json) {
    nlohmann::ordered_json json;
    json["version"] = info.version;
    json["cpu"] = info.cpu;
    json["kernel_target"] = info.kernel_target;
    json["kernel_targets"] = info.kernel_targets;
    json["blas"] = info.blas;
    json["threads"] = info.threads;
    print_json(json);
    return;
  }
  print_table({{"version", info.version},
               {"cpu", info.cpu},
               {"kernel target", info.kernel_target},
               {"kernel targets", fmt::format("{}", fmt::join(info.kernel_targets, ", "))},
               {"blas", info.blas},
               {"threads", fmt::format("{}", info.threads)}});
}

}  // namespace

void add_info(CLI::App& app) {
  auto options = std::make_shared<InfoOptions>();
  CLI::App* command = app.add_subcommand("info", "Show what a model holds, or what this build and machine are");
  command->add_option("MODEL", options->model, "Model file; without one: version, CPU, kernels, BLAS, threads")
      ->type_name("");
  add_json(*command, options->common);
  command->footer(std::string("Example:\n  kernad info model.safetensors") + kExitStatus);
  command->callback([options] {
    if (options->model.empty()) {
      show_system(options->common.json);
    } else {
      show_model(*options);
    }
  });
}

}  // namespace kernad::cli
