// kernad info MODEL.
#include <nlohmann/json.hpp>

#include "../output.hpp"
#include "describe.hpp"
#include "pictures.hpp"

namespace kernad::cli {

void show_picture_model(const PictureCommand& command) {
  const auto model = images::PictureModel::load(command.model);
  if (command.common.json) {
    print_json(picture_model_json(command.model, model));
  } else {
    print_table(picture_model_table(command.model, model));
  }
}

}  // namespace kernad::cli
