// kernad explain MODEL IMAGE: the hottest patches, and the good ones nearest to them.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "../output.hpp"
#include "image_commands.hpp"
#include "kernad/images.hpp"

namespace kernad::cli {

void explain_image(const ImageCommand& command) {
  require_known_options(*command.app, {"--threads", "--json"}, "tables, and the model is of images");
  if (command.data.size() != 1) throw InvalidParameter("name one image");
  const auto model = images::ImageModel::load(command.model, command.common.threads);
  const images::Image image = images::read_image(command.data.front());
  const images::Verdict verdict = model.judge(image);
  const Embeddings& map = verdict.map;
  const std::size_t count = map.rows() * map.cols();
  const auto hottest = static_cast<std::size_t>(std::max_element(map.data(), map.data() + count) - map.data());
  const std::size_t row = hottest / map.cols();
  const std::size_t col = hottest % map.cols();
  const auto near = model.nearest(image, row, col);
  if (command.common.json) {
    nlohmann::ordered_json json;
    json["file"] = command.data.front();
    json["label"] = verdict.anomalous ? 1 : 0;
    json["score"] = verdict.score;
    json["p_value"] = verdict.p_value;
    json["surprisal"] = verdict.surprisal;
    json["hottest"] = {{"x", verdict.hottest.x},
                       {"y", verdict.hottest.y},
                       {"width", verdict.hottest.width},
                       {"height", verdict.hottest.height},
                       {"row", row},
                       {"col", col},
                       {"surprisal", map(row, col)}};
    for (const auto& patch : near) {
      json["nearest"].push_back({{"file", patch.name},
                                 {"row", patch.row},
                                 {"col", patch.col},
                                 {"distance", patch.distance},
                                 {"weight", patch.weight}});
    }
    print_json(json);
    return;
  }
  print_table({{"label", verdict.anomalous ? "1 (anomalous)" : "0 (normal)"},
               {"score", fmt::format("{:.6f}", verdict.score)},
               {"p_value", fmt::format("{:.6g}", verdict.p_value)},
               {"surprisal", fmt::format("{:.4f} nats (threshold {:.4f})", verdict.surprisal, model.threshold())},
               {"hottest", fmt::format("{} x {} pixels at {}, {}; patch {}, {}: {:.4f} nats (limit {:.4f})",
                                       verdict.hottest.width, verdict.hottest.height, verdict.hottest.x,
                                       verdict.hottest.y, row, col, map(row, col), model.heat_scale().limit)}});
  Grid grid = {{"nearest good patch", "row", "col", "distance", "weight"}};
  for (const auto& patch : near) {
    grid.push_back({patch.name, fmt::format("{}", patch.row), fmt::format("{}", patch.col),
                    fmt::format("{:.4g}", patch.distance), fmt::format("{:.4f}", patch.weight)});
  }
  print("\n");
  print_grid(grid);
}

}  // namespace kernad::cli
