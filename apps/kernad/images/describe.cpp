#include "describe.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "../output.hpp"

namespace kernad::cli {
namespace {

using images::OddImages;

std::string images_text(const images::ImageModelReport& report) {
  if (report.tile == 0) return fmt::format("{}, scaled to {} x {}", report.images, report.size, report.size);
  return fmt::format("{} of {} x {}, each cut into {} tiles of {} x {}, scaled to {} x {}", report.images,
                     report.image_width, report.image_height, report.tiles, report.tile, report.tile, report.size,
                     report.size);
}

std::string odd_text(const images::ImageModelReport& report) {
  constexpr std::array<const char*, 3> treatments = {"no part of the calibration", "left out", "kept"};
  std::string text;
  for (const auto& odd : report.odd) {
    if (!odd.beyond_gap) continue;
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", odd.name,
                        treatments.at(static_cast<std::size_t>(odd.treatment)));
  }
  return text.empty() ? "none" : text;
}

std::string note_on(const images::OddImage& odd) {
  const auto what = fmt::format("note: {}: is far from the others (surprisal {:.1f}, usual {:.1f})", odd.name,
                                odd.surprisal, odd.usual);
  switch (odd.treatment) {
    case OddImages::reference:
      return what + " and does not count for the threshold; if it shows a defect, --odd leave-out fits without it";
    case OddImages::leave_out:
      return what + ": it is left out";
    case OddImages::keep:
      break;
  }
  return what + "; if it is no good part, or was taken otherwise, fit without it: it raises the threshold";
}

}  // namespace

nlohmann::ordered_json image_model_json(const std::string& path, const images::ImageModel& model) {
  const auto& report = model.report();
  nlohmann::ordered_json json;
  json["model"] = path;
  json["backbone"] = report.backbone;
  json["backbone_hash"] = report.backbone_hash;
  json["layers"] = report.layers;
  json["size"] = report.size;
  json["images"] = report.images;
  if (report.tile != 0) {
    json["tile"] = report.tile;
    json["tiles"] = report.tiles;
    json["image_size"] = {report.image_width, report.image_height};
  }
  json["odd"] = nlohmann::json::array();
  for (const auto& odd : report.odd) {
    if (!odd.beyond_gap) continue;
    json["odd"].push_back({{"file", odd.name},
                           {"surprisal", odd.surprisal},
                           {"usual", odd.usual},
                           {"calibration", odd.treatment == OddImages::keep},
                           {"references", odd.treatment != OddImages::leave_out}});
  }
  json["grid"] = {report.grid_rows, report.grid_cols};
  json["masked"] = report.masked;
  json["channels"] = report.channels;
  json["components"] = report.components;
  json["explained_variance"] = report.explained_variance;
  json["patches"] = report.patches;
  json["spatial_width"] = std::isfinite(report.width) ? nlohmann::json(report.width) : nlohmann::json("inf");
  json["bandwidth"] = report.bandwidth;
  json["held_out_log_likelihood"] = report.held_out_log_likelihood;
  json["target_fpr"] = model.target_fpr();
  json["threshold"] = model.threshold();
  json["heat_scale"] = {{"usual", model.heat_scale().usual}, {"limit", model.heat_scale().limit}};
  return json;
}

Table image_model_table(const std::string& path, const images::ImageModel& model) {
  const auto& report = model.report();
  return {{"model", path},
          {"backbone", fmt::format("{} (hash {})", report.backbone, report.backbone_hash)},
          {"layers", fmt::format("{}", fmt::join(report.layers, ", "))},
          {"images", images_text(report)},
          {"odd images", odd_text(report)},
          {"patches", fmt::format("{} x {} an image, {} kept", report.grid_rows, report.grid_cols, report.patches)},
          {"masked", fmt::format("{} of {} patches", report.masked, report.grid_rows * report.grid_cols)},
          {"components", fmt::format("{} of {} channels, {:.4g} of the variance", report.components, report.channels,
                                     report.explained_variance)},
          {"spatial width", std::isfinite(report.width) ? fmt::format("{:g} patches", report.width) : "infinite"},
          {"bandwidth", fmt::format("{:.4g}", report.bandwidth)},
          {"held-out log-likelihood", fmt::format("{:.4f} nats a patch", report.held_out_log_likelihood)},
          {"threshold", fmt::format("{:.4f} nats (target FPR {:.4g})", model.threshold(), model.target_fpr())}};
}

void print_fit_notes(const images::ImageModel& model, bool asked_for) {
  for (const auto& odd : model.report().odd) print_error(note_on(odd));
  if (asked_for || model.target_fpr() <= 0.05) return;
  print_error(
      fmt::format("note: {} images cannot promise a false-alarm rate below {:.1f} %, which is what the "
                  "threshold promises; 5 % need 19",
                  model.report().images, 100 * model.target_fpr()));
}

}  // namespace kernad::cli
