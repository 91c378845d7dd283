#include "model.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "calibration.hpp"
#include "estimation.hpp"
#include "output.hpp"

namespace kernad::cli {

KDEClassifier load_model(const std::string& path, const CommonOptions& options) {
  KDEClassifier model = KDEClassifier::load(path);
  model.set_threads(options.threads);
  model.set_pruning(!options.no_pruning);
  return model;
}

void print_load_notes(const KDEClassifier& model) {
  for (const Note& note : model.report().notes) {
    if (note.code == NoteCode::scaling_assumed) print_error("note: " + note.text);
  }
}

nlohmann::ordered_json model_json(const std::string& path, const KDEClassifier& model) {
  const auto& options = model.options();
  const auto& report = model.report();
  nlohmann::ordered_json json;
  json["model"] = path;
  json["n_pca_components"] = options.automatic ? "auto" : components_json(options.n_pca_components);
  json["feature_scaling_method"] = to_string(options.feature_scaling_method);
  json["max_training_points"] = options.max_training_points;
  json["seed"] = options.seed;
  json["rows_seen"] = report.rows_seen;
  json["rows_used"] = report.rows_used;
  json["columns"] = report.columns;
  json["rank"] = report.rank;
  json["components"] = report.components;
  json["kde_rank"] = report.kde_rank;
  json["explained_variance"] = report.explained_variance;
  json["bandwidth_factor"] = report.bandwidth_factor;
  json["max_length"] = report.max_length;
  append_estimation(json, model);
  add_calibration(json, model);
  json["notes"] = nlohmann::json::array();
  json["note_codes"] = nlohmann::json::array();
  for (const Note& note : report.notes) {
    json["notes"].push_back(note.text);
    json["note_codes"].push_back(to_string(note.code));
  }
  return json;
}

std::vector<std::pair<std::string, std::string>> model_table(const std::string& path, const KDEClassifier& model) {
  const auto& options = model.options();
  const auto& report = model.report();
  Table table = {
      {"model", path},
      {"components wanted", options.automatic ? "auto" : components_text(options.n_pca_components)},
      {"feature scaling", std::string(to_string(options.feature_scaling_method))},
      {"max training points", fmt::format("{}", options.max_training_points)},
      {"seed", fmt::format("{}", options.seed)},
      {"rows seen", fmt::format("{}", report.rows_seen)},
      {"rows used", fmt::format("{}", report.rows_used)},
      {"columns", fmt::format("{}", report.columns)},
      {"rank", fmt::format("{}", report.rank)},
      {"components", fmt::format("{}", report.components)},
      {"rank of the density", fmt::format("{}", report.kde_rank)},
      {"explained variance", fmt::format("{:.6g}", report.explained_variance)},
      {"bandwidth factor", fmt::format("{:.6g}", report.bandwidth_factor)},
      {"max length", fmt::format("{:.6g}", report.max_length)},
  };
  append_estimation(table, model);
  add_calibration(table, model);
  return table;
}

}  // namespace kernad::cli
