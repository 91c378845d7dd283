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

struct Scores {
  std::vector<std::string> file;
  std::vector<std::size_t> label, x, y, width, height;
  std::vector<double> score, p_value, surprisal;

  explicit Scores(std::size_t count)
      : file(count),
        label(count),
        x(count),
        y(count),
        width(count),
        height(count),
        score(count),
        p_value(count),
        surprisal(count) {}

  void set(std::size_t i, const std::string& path, const images::Verdict& verdict) {
    file[i] = path;
    label[i] = verdict.anomalous ? 1 : 0;
    score[i] = verdict.score;
    p_value[i] = verdict.p_value;
    surprisal[i] = verdict.surprisal;
    x[i] = verdict.hottest.x;
    y[i] = verdict.hottest.y;
    width[i] = verdict.hottest.width;
    height[i] = verdict.hottest.height;
  }
};

Output make_output(Scores scores, const std::vector<char>& judged) {
  Output output;
  for (std::size_t i = 0; i < judged.size(); ++i) {
    if (judged[i] != 0) output.rows.push_back(i);
  }
  output.scored.assign(judged.size(), true);
  output.columns = {{"file", std::move(scores.file)},
                    {"label", std::move(scores.label)},
                    {"score", std::move(scores.score)},
                    {"p_value", std::move(scores.p_value)},
                    {"surprisal", std::move(scores.surprisal)},
                    {"x", std::move(scores.x)},
                    {"y", std::move(scores.y)},
                    {"width", std::move(scores.width)},
                    {"height", std::move(scores.height)}};
  return output;
}

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
  for (const auto& file : files) paths.push_back(file.path);
  Scores scores(files.size());
  std::vector<char> judged(files.size());
  judge_all(model, paths, command.common.threads, options.keep_going,
            [&](std::size_t i, const images::Picture& picture, const images::Verdict& verdict) {
              scores.set(i, paths[i], verdict);
              if (!options.heatmaps.empty()) write_heatmap(options.heatmaps, files[i].name, model, picture, verdict);
              judged[i] = 1;
            });
  const Output output = make_output(std::move(scores), judged);
  if (command.output.empty() || command.output == "-") {
    print(command.common.json ? json_text(output) : csv_text(output));
  } else {
    write_output(command.output, output);
  }
}

}  // namespace kernad::cli
