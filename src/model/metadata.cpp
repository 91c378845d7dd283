#include "model/metadata.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "kernad/error.hpp"
#include "model/estimation.hpp"

namespace kernad::model {
namespace {

/// The whole text as a number.
template <typename T>
std::optional<T> parse(std::string_view text) {
  T value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

[[noreturn]] void refuse(std::string_view key, std::string_view text, std::string_view valid) {
  throw InvalidInput(fmt::format("metadata '{}' is '{}'; valid: {}", key, text, valid));
}

template <typename T>
T required_number(std::string_view key, std::string_view text, std::string_view valid) {
  const auto value = parse<T>(text);
  if (!value) refuse(key, text, valid);
  return *value;
}

std::string to_text(const ComponentCount& components) {
  if (components.is_all()) return "all";
  return components.is_share() ? fmt::format("{}", components.share()) : fmt::format("{}", components.count());
}

ComponentCount components_from(std::string_view key, std::string_view text) {
  constexpr std::string_view kValid = "a count from 1, a share of variance above 0 and below 1, or all";
  if (text == "all") return ComponentCount::all();
  try {
    if (const auto count = parse<long long>(text)) return {*count};
    return {required_number<double>(key, text, kValid)};
  } catch (const InvalidParameter&) {
    refuse(key, text, kValid);
  }
}

}  // namespace

Metadata to_metadata(const KDEClassifierOptions& options, const FitReport& report) {
  nlohmann::ordered_json json = {{"rows_seen", report.rows_seen},
                                 {"rank", report.rank},
                                 {"explained_variance", report.explained_variance},
                                 {"notes", report.notes}};
  add_estimation_report(json, options, report);
  Metadata metadata = {{"format", "kernad"},
                       {"format_version", fmt::format("{}", kPlainVersion)},
                       {"n_pca_components", to_text(options.n_pca_components)},
                       {"feature_scaling_method", std::string(to_string(options.feature_scaling_method))},
                       {"max_training_points", fmt::format("{}", options.max_training_points)},
                       {"seed", fmt::format("{}", options.seed)},
                       {"fit_report", json.dump()}};
  add_estimation(metadata, options);
  return metadata;
}

void check_format_version(const Metadata& metadata) {
  const auto entry = metadata.find("format_version");
  if (entry == metadata.end()) return;
  const auto version = required_number<int>("format_version", entry->second, "a whole number");
  if (version < 1 || version > kFormatVersion) {
    throw InvalidInput(
        fmt::format("format_version {} is not known to this version of kernad, which reads up to {}; "
                    "a newer kernad is needed",
                    version, kFormatVersion));
  }
}

KDEClassifierOptions options_from(const Metadata& metadata, const KDEClassifierOptions& defaults) {
  KDEClassifierOptions options = defaults;
  options.automatic = false;
  for (const auto& [key, text] : metadata) {
    if (key == "n_pca_components") {
      options.n_pca_components = components_from(key, text);
    } else if (key == "feature_scaling_method") {
      if (text != "norm" && text != "scale") refuse(key, text, "norm, scale");
      options.feature_scaling_method = feature_scaling_method(text);
    } else if (key == "max_training_points") {
      options.max_training_points = required_number<std::size_t>(key, text, "a whole number from 2");
      if (options.max_training_points < 2) refuse(key, text, "a whole number from 2");
    } else if (key == "seed") {
      options.seed = required_number<std::uint64_t>(key, text, "a whole number from 0");
    } else {
      read_estimation(key, text, options);
    }
  }
  return options;
}

void read_report(const Metadata& metadata, FitReport& report) {
  const auto entry = metadata.find("fit_report");
  if (entry == metadata.end()) return;
  try {
    const auto json = nlohmann::json::parse(entry->second);
    json.at("rows_seen").get_to(report.rows_seen);
    json.at("rank").get_to(report.rank);
    json.at("explained_variance").get_to(report.explained_variance);
    json.at("notes").get_to(report.notes);
    read_estimation_report(json, report);
  } catch (const nlohmann::json::exception&) {
    throw InvalidInput(
        "metadata 'fit_report' cannot be read; valid: a JSON object of rows_seen, rank, explained_variance and notes");
  }
}

}  // namespace kernad::model
