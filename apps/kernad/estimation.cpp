#include "estimation.hpp"

#include <fmt/format.h>

#include <cmath>

#include "kernad/error.hpp"

namespace kernad::cli {
EstimatorOptions::EstimatorOptions() {
  for (const EstimatorOption& option : estimator_options()) given_.push_back({option.get({}), false});
}

void EstimatorOptions::add_to(CLI::App& command) {
  for (std::size_t i = 0; i < given_.size(); ++i) {
    const EstimatorOption& option = estimator_options()[i];
    const std::string flag(option.flag);
    const std::string help(option.help);
    if (option.is_flag()) {
      command.add_flag(flag, given_[i].flag, help);
    } else {
      command.add_option(flag, given_[i].text, help)->type_name(std::string(option.values))->capture_default_str();
    }
  }
  CLI::Option* automatic = command.get_option("--auto");
  for (const EstimatorOption& option : estimator_options()) {
    if (option.set_by_auto) automatic->excludes(command.get_option(std::string(option.flag)));
  }
}

KDEClassifierOptions EstimatorOptions::classifier_options() const {
  KDEClassifierOptions options;
  for (std::size_t i = 0; i < given_.size(); ++i) {
    const EstimatorOption& option = estimator_options()[i];
    const std::string text = option.is_flag() ? (given_[i].flag ? "true" : "false") : given_[i].text;
    if (option.set(options, text)) continue;
    throw InvalidParameter(fmt::format("{} is '{}'; valid: {}", option.flag, text, option.valid));
  }
  return options;
}

nlohmann::ordered_json components_json(const ComponentCount& components) {
  if (components.is_all()) return "all";
  if (components.is_share()) return components.share();
  return components.count();
}

std::string components_text(const ComponentCount& components) {
  if (components.is_all()) return "all";
  return components.is_share() ? fmt::format("{} of the variance", components.share())
                               : fmt::format("{}", components.count());
}

void append_estimation(nlohmann::ordered_json& json, const KDEClassifier& model) {
  const auto& options = model.options();
  const auto& report = model.report();
  json["auto"] = options.automatic;
  if (options.automatic) {
    json["chosen"] = report.chosen;
  } else {
    json["standardize"] = options.standardize;
    json["all_rows"] = options.all_rows;
    json["bandwidth"] = to_string(options.kde.bandwidth);
    json["covariance"] = to_string(options.kde.covariance);
    json["local_alpha"] = options.kde.local_alpha;
  }
  json["shrinkage"] = report.shrinkage;
  if (std::isfinite(report.loo_log_likelihood)) json["loo_log_likelihood"] = report.loo_log_likelihood;
}

void append_estimation(std::vector<std::pair<std::string, std::string>>& table, const KDEClassifier& model) {
  const auto& options = model.options();
  const auto& report = model.report();
  for (std::size_t i = 0; i < report.chosen.size(); ++i) {
    table.emplace_back(fmt::format("auto, density {}", i + 1), report.chosen[i]);
  }
  if (options.standardize) table.emplace_back("columns standardized", "yes");
  if (options.all_rows) table.emplace_back("components, scales", "of all rows");
  if (options.kde == KDEOptions{}) return;
  table.emplace_back("bandwidth", to_string(options.kde.bandwidth));
  table.emplace_back("covariance", to_string(options.kde.covariance));
  table.emplace_back("shrinkage", fmt::format("{:.6g}", report.shrinkage));
  table.emplace_back("local alpha", fmt::format("{:.6g}", options.kde.local_alpha));
  if (std::isfinite(report.loo_log_likelihood)) {
    table.emplace_back("loo log-likelihood", fmt::format("{:.6g}", report.loo_log_likelihood));
  }
}

}  // namespace kernad::cli
