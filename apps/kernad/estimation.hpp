// What kernad fit asks and tells about how the density is estimated.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "kernad/kde_classifier.hpp"

namespace kernad::cli {

struct EstimationOptions {
  std::string components = "16";
  std::string bandwidth = "scott";
  std::string covariance = "full";
  bool standardize = false;
  double local_alpha = 0;
  bool automatic = false;
};

/// --auto, which comes after --scaling and the options of add_estimation, all of which it excludes.
void add_auto(CLI::App& command, EstimationOptions& options);

/// --components, --standardize, --bandwidth, --covariance and --local.
void add_estimation(CLI::App& command, EstimationOptions& options);

/// Puts them into `wanted`. Throws InvalidParameter naming the option.
void apply_estimation(const EstimationOptions& options, KDEClassifierOptions& wanted);

/// "16", "0.95" or "all".
[[nodiscard]] nlohmann::ordered_json components_json(const ComponentCount& components);
[[nodiscard]] std::string components_text(const ComponentCount& components);

void append_estimation(nlohmann::ordered_json& json, const KDEClassifier& model);
/// Nothing for a model estimated as the reference does.
void append_estimation(std::vector<std::pair<std::string, std::string>>& table, const KDEClassifier& model);

}  // namespace kernad::cli
