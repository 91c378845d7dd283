// The estimator's options of kernad fit, and their output.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "kernad/kde_classifier.hpp"

namespace kernad::cli {

/// The text of each of kernad::estimator_options(), in that order; initially their defaults.
class EstimatorOptions {
 public:
  EstimatorOptions();

  /// Adds an option to the command for each; --auto excludes those that it chooses itself.
  void add_to(CLI::App& command);
  /// Throws InvalidParameter naming the flag.
  [[nodiscard]] KDEClassifierOptions classifier_options() const;

 private:
  struct Given {
    std::string text;
    bool flag = false;
  };
  std::vector<Given> given_;
};

/// "16", "0.95" or "all".
[[nodiscard]] nlohmann::ordered_json components_json(const ComponentCount& components);
[[nodiscard]] std::string components_text(const ComponentCount& components);

void append_estimation(nlohmann::ordered_json& json, const KDEClassifier& model);
/// Nothing for a model with the reference's options.
void append_estimation(std::vector<std::pair<std::string, std::string>>& table, const KDEClassifier& model);

}  // namespace kernad::cli
