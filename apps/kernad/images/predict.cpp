// kernad predict MODEL PICTURES.
#include <set>

#include "../output.hpp"
#include "../scores_file.hpp"
#include "judge_all.hpp"
#include "kernad/images.hpp"
#include "kernad/io.hpp"
#include "pictures.hpp"

namespace kernad::cli {
namespace {

/// Two pictures of one name in two folders would overwrite one another's heat map.
void require_different_names(const std::vector<PictureFile>& files) {
  std::set<std::string> seen;
  for (const auto& file : files) {
    if (seen.insert(file.name).second) continue;
    throw InvalidParameter(file.path + ": more than one picture would have the heat map " + file.name +
                           ".png; name the folder above them");
  }
}

}  // namespace

Output picture_scores(std::size_t count) {
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

void set_picture_score(Output& output, std::size_t i, const std::string& path, const images::Verdict& verdict) {
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

void predict_pictures(const PictureCommand& command, const PictureScoreOptions& options) {
  require_known_options(*command.app, {"--output", "--threads", "--json", "--heatmaps", "--keep-going"},
                        "tables, and the model is of pictures");
  if (!command.output.empty() && command.output != "-") {
    require_known_ending(command.output);
    require_writable(command.output);
    require_another_file(command.output, {command.model});
  }
  const auto files = picture_files(command.data);
  if (!options.heatmaps.empty()) require_different_names(files);
  const auto model = images::PictureModel::load(command.model, command.common.threads);
  std::vector<std::string> paths;
  paths.reserve(files.size());
  for (const auto& file : files) paths.push_back(file.path);
  Output output = picture_scores(files.size());
  std::vector<char> judged(files.size());
  judge_all(model, paths, command.common.threads, options.keep_going,
            [&](std::size_t i, const images::Picture& picture, const images::Verdict& verdict) {
              set_picture_score(output, i, paths[i], verdict);
              if (!options.heatmaps.empty()) write_heatmap(options.heatmaps, files[i].name, model, picture, verdict);
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
