// kernad info MODEL.
#include <nlohmann/json.hpp>

#include "../output.hpp"
#include "describe.hpp"
#include "image_commands.hpp"

namespace kernad::cli {

void show_image_model(const ImageCommand& command) {
  const auto model = images::ImageModel::load(command.model);
  if (command.common.json) {
    print_json(image_model_json(command.model, model));
  } else {
    print_table(image_model_table(command.model, model));
  }
}

}  // namespace kernad::cli
