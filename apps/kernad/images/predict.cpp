// kernad predict MODEL IMAGES.
#include <set>

#include "../output.hpp"
#include "../scores_file.hpp"
#include "image_commands.hpp"
#include "judge_all.hpp"
#include "kernad/images.hpp"
#include "kernad/io.hpp"

namespace kernad::cli {
namespace {

/// Two images of one name in two folders would overwrite one another's heat map.
void require_different_names(const std::vector<ImageFile>& files) {
  std::set<std::string> seen;
  for (const auto& file : files) {
    if (seen.insert(file.name).second) continue;
    throw InvalidParameter(file.path + ": more than one image would have the heat map " + file.name +
                           ".png; name the folder above them");
  }
}

}  // namespace

Output image_scores(std::size_t count) {
  using Numbers = std::vector<double>;
  using Counts = std::vector<std::size_t>;
  Output output;
  output.columns = {{"file", std::vector<std::string>(count)},
                    {"label", Counts(count)},
                    {"score", Numbers(count)},
                    {"p_value", Numbers(count)},
                    {"surprisal", Numbers(count)},
                    {"x", Counts(count)},
                    {"y", Counts(count)},
                    {"width", Counts(count)},
                    {"height", Counts(count)}};
  output.scored.assign(count, true);
  for (std::size_t i = 0; i < count; ++i) output.rows.push_back(i);
  return output;
}

void set_image_score(Output& output, std::size_t i, const std::string& path, const images::Verdict& verdict) {
  const auto set = [&](std::size_t column, auto value) {
    std::get<std::vector<decltype(value)>>(output.columns[column].values)[i] = value;
  };
  const images::Box& box = verdict.hottest;
  set(0, std::string(path));
  set(1, std::size_t{verdict.anomalous ? 1U : 0U});
  set(2, verdict.score);
  set(3, verdict.p_value);
  set(4, verdict.surprisal);
  set(5, box.x);
  set(6, box.y);
  set(7, box.width);
  set(8, box.height);
}

void predict_images(const ImageCommand& command, const ImageScoreOptions& options) {
  require_known_options(*command.app, {"--output", "--threads", "--json", "--heatmaps", "--keep-going"},
                        "tables, and the model is of images");
  if (!command.output.empty() && command.output != "-") {
    require_known_ending(command.output);
    require_writable(command.output);
    require_another_file(command.output, {command.model});
  }
  const auto files = image_files(command.data);
  if (!options.heatmaps.empty()) require_different_names(files);
  const auto model = images::ImageModel::load(command.model, command.common.threads);
  std::vector<std::string> paths;
  paths.reserve(files.size());
  for (const auto& file : files) paths.push_back(file.path);
  Output output = image_scores(files.size());
  std::vector<char> judged(files.size());
  judge_all(model, paths, command.common.threads, options.keep_going,
            [&](std::size_t i, const images::Image& image, const images::Verdict& verdict) {
              set_image_score(output, i, paths[i], verdict);
              if (!options.heatmaps.empty()) write_heatmap(options.heatmaps, files[i].name, model, image, verdict);
              judged[i] = 1;
            });
  std::erase_if(output.rows, [&](std::size_t i) { return judged[i] == 0; });
  if (command.output.empty() || command.output == "-") {
    print(command.common.json ? json_text(output) : csv_text(output));
  } else {
    write_output(command.output, output);
  }
}

}  // namespace kernad::cli
