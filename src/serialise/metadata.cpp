#include "serialise/metadata.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "kernad/error.hpp"

namespace kernad::serialise {
namespace {

/// The options that every reader expects. Others are written only where they differ from the default, so that every
/// version of kernad can still read files of the defaults.
constexpr std::array<std::string_view, 4> kAlwaysWritten = {"n_pca_components", "feature_scaling_method",
                                                            "max_training_points", "seed"};

nlohmann::ordered_json report_json(const KDEClassifierOptions& options, const FitReport& report) {
  std::vector<std::string> texts;
  std::vector<std::string> codes;
  bool has_codes = false;
  for (const Note& note : report.notes) {
    texts.push_back(note.text);
    codes.emplace_back(to_string(note.code));
    has_codes = has_codes || note.code != NoteCode::other;
  }
  nlohmann::ordered_json json = {{"rows_seen", report.rows_seen},
                                 {"rank", report.rank},
                                 {"explained_variance", report.explained_variance},
                                 {"notes", texts}};
  if (has_codes) json["note_codes"] = codes;
  if (!report.rows_left_out.empty()) json["rows_left_out"] = report.rows_left_out;
  if (options.kde == KDEOptions{} && !options.automatic) return json;
  if (!report.chosen.empty()) json["chosen"] = report.chosen;
  json["bandwidth_factor"] = report.bandwidth_factor;
  json["shrinkage"] = report.shrinkage;
  if (std::isfinite(report.loo_log_likelihood)) json["loo_log_likelihood"] = report.loo_log_likelihood;
  return json;
}

std::vector<Note> notes_from(const nlohmann::json& json) {
  const auto texts = json.at("notes").get<std::vector<std::string>>();
  const auto codes = json.value("note_codes", std::vector<std::string>());
  std::vector<Note> notes(texts.size());
  for (std::size_t i = 0; i < notes.size(); ++i) {
    notes[i] = {i < codes.size() ? note_code(codes[i]) : NoteCode::other, texts[i]};
  }
  return notes;
}

}  // namespace

Metadata to_metadata(const KDEClassifierOptions& options, const FitReport& report) {
  Metadata metadata = {{"format", "kernad"}, {"fit_report", report_json(options, report).dump()}};
  for (const EstimatorOption& option : estimator_options()) {
    const std::string text = option.get(options);
    const bool always = std::find(kAlwaysWritten.begin(), kAlwaysWritten.end(), option.key) != kAlwaysWritten.end();
    if (always || text != option.get({})) metadata[std::string(option.key)] = text;
  }
  return metadata;
}

KDEClassifierOptions options_from(const Metadata& metadata, const KDEClassifierOptions& defaults) {
  KDEClassifierOptions options = defaults;
  options.automatic = false;
  for (const EstimatorOption& option : estimator_options()) {
    const auto entry = metadata.find(option.key);
    if (entry == metadata.end() || option.set(options, entry->second)) continue;
    throw InvalidInput(fmt::format("metadata '{}' is '{}'; valid: {}", option.key, entry->second, option.valid));
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
    report.notes = notes_from(json);
    report.rows_left_out = json.value("rows_left_out", report.rows_left_out);
    report.chosen = json.value("chosen", report.chosen);
    report.bandwidth_factor = json.value("bandwidth_factor", report.bandwidth_factor);
    report.shrinkage = json.value("shrinkage", report.shrinkage);
    report.loo_log_likelihood = json.value("loo_log_likelihood", report.loo_log_likelihood);
  } catch (const nlohmann::json::exception&) {
    throw InvalidInput(
        "metadata 'fit_report' cannot be read; valid: a JSON object of rows_seen, rank, explained_variance and notes");
  }
}

template <typename T>
T number_in(const Metadata& metadata, const char* key, const char* valid) {
  const auto entry = metadata.find(key);
  if (entry == metadata.end()) throw InvalidInput(fmt::format("metadata '{}' is missing", key));
  const std::string& text = entry->second;
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw InvalidInput(fmt::format("metadata '{}' is '{}'; valid: {}", key, text, valid));
  }
  return value;
}

template int number_in(const Metadata&, const char*, const char*);
template std::size_t number_in(const Metadata&, const char*, const char*);
template double number_in(const Metadata&, const char*, const char*);

}  // namespace kernad::serialise
