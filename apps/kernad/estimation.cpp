#include "estimation.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "kernad/error.hpp"
#include "options.hpp"

namespace kernad::cli {
namespace {

template <typename T>
bool parse(const std::string& text, T& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

ComponentCount component_count(const std::string& text) {
  long long count = 0;
  double share = 0;
  if (text == "all") return ComponentCount::all();
  if (parse(text, count)) return count;
  if (parse(text, share)) return share;
  throw InvalidParameter(
      fmt::format("'{}' is no number; valid: a count of 1 or more, a share in (0, 1), or all", text));
}

/// Runs `read`; what it throws names the option.
template <typename Read>
auto of_option(const char* option, Read read) try {
  return read();
} catch (const InvalidParameter& error) {
  throw InvalidParameter(std::string(option) + ": " + error.what());
}

}  // namespace

void add_estimation(CLI::App& command, EstimationOptions& options) {
  command
      .add_option("--components", options.components,
                  "Principal components, share of the variance in (0, 1), or all that the data have")
      ->type_name("K|RATIO|all")
      ->capture_default_str();
  command.add_flag("--standardize", options.standardize, "Bring each column to standard deviation 1 first");
  command
      .add_option("--bandwidth", options.bandwidth,
                  "Bandwidth factor: by a rule, by leave-one-out likelihood (loo) or a multiple of it, or itself")
      ->type_name("scott|silverman|loo|loo*NUMBER|NUMBER")
      ->capture_default_str();
  command
      .add_option("--covariance", options.covariance,
                  "Kernel shape: the data's covariance, shrunk towards a round one, or round")
      ->check(quiet(CLI::IsMember({"full", "ledoit-wolf", "oas", "isotropic"})))
      ->type_name("full|ledoit-wolf|oas|isotropic")
      ->capture_default_str();
  command
      .add_option("--local", options.local_alpha,
                  "Widen each row's kernel by (distance to its 5th neighbour)^ALPHA; 0: all alike")
      ->type_name("ALPHA")
      ->capture_default_str();
}

void add_auto(CLI::App& command, EstimationOptions& options) {
  CLI::Option* automatic = command.add_flag("--auto", options.automatic,
                                            "Choose all of the above from the training rows: for best detection");
  for (const char* chosen : {"--components", "--standardize", "--bandwidth", "--covariance", "--local", "--scaling"}) {
    automatic->excludes(command.get_option(chosen));
  }
}

void apply_estimation(const EstimationOptions& options, KDEClassifierOptions& wanted) {
  wanted.n_pca_components = of_option("--components", [&] { return component_count(options.components); });
  wanted.automatic = options.automatic;
  wanted.standardize = options.standardize;
  wanted.kde.bandwidth = of_option("--bandwidth", [&] { return bandwidth(options.bandwidth); });
  wanted.kde.covariance = of_option("--covariance", [&] { return covariance(options.covariance); });
  wanted.kde.local_alpha = of_option("--local", [&] {
    return KDEClassifier({.kde = {.local_alpha = options.local_alpha}}).options().kde.local_alpha;  // checks it
  });
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
