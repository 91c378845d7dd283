// kernad test MODEL CATEGORY: image and pixel metrics on a test set in MVTec layout.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "../output.hpp"
#include "image_commands.hpp"
#include "judge_all.hpp"
#include "kernad/intervals.hpp"
#include "kernad/metrics.hpp"
#include "tested.hpp"

namespace kernad::cli {
namespace {

/// Nonzero where the mask is not black.
std::vector<std::uint8_t> mask_pixels(const images::Image& mask) {
  std::vector<std::uint8_t> pixels(mask.width() * mask.height());
  const std::size_t step = images::bytes_of(mask.format());
  for (std::size_t y = 0; y < mask.height(); ++y) {
    for (std::size_t x = 0; x < mask.width(); ++x) {
      const auto* pixel = mask.row(y) + x * step;
      const bool is_set = std::any_of(pixel, pixel + step, [](std::byte b) { return b != std::byte{0}; });
      pixels[y * mask.width() + x] = is_set ? 1 : 0;
    }
  }
  return pixels;
}

Tested judge(const images::ImageModel& model, const ImageCommand& command) {
  Tested tested;
  tested.images = images::mvtec_test_set(command.data.front());
  const std::size_t count = tested.images.size();
  tested.verdicts.resize(count);
  tested.maps.resize(count);
  tested.masks.resize(count);
  std::vector<std::string> paths;
  for (const auto& image : tested.images) paths.push_back(image.path);
  // Maps take 4 bytes per pixel, and are needed only with a mask.
  const bool has_masks = std::ranges::any_of(tested.images, [](const auto& image) { return !image.mask.empty(); });
  judge_all(model, paths, command.common.threads, false,
            [&](std::size_t i, const images::Image& image, const images::Verdict& verdict) {
              tested.verdicts[i] = verdict;
              tested.verdicts[i].map = {};
              const auto& test = tested.images[i];
              if (has_masks && test.kind == "good") {
                tested.maps[i] = images::ImageModel::enlarge(verdict.map, image.width(), image.height());
              } else if (!test.mask.empty()) {
                const images::Image mask = images::read_image(test.mask);
                tested.maps[i] = images::ImageModel::enlarge(verdict.map, mask.width(), mask.height());
                tested.masks[i] = mask_pixels(mask);
              }
            });
  return tested;
}

std::optional<images::LocalisationMetrics> localisation(const Tested& tested) {
  images::Localisation pixels;
  bool any = false;
  for (std::size_t i = 0; i < tested.maps.size(); ++i) {
    if (tested.maps[i].rows() == 0) continue;
    any = any || std::ranges::any_of(tested.masks[i], [](auto value) { return value != 0; });
    pixels.add(tested.maps[i], tested.masks[i]);
  }
  if (!any) return std::nullopt;
  return pixels.measure();
}

std::map<std::string, DefectKind> by_kind(const Tested& tested) {
  std::map<std::string, DefectKind> kinds;
  for (std::size_t i = 0; i < tested.images.size(); ++i) {
    DefectKind& kind = kinds[tested.images[i].kind];
    ++kind.images;
    kind.called += tested.verdicts[i].anomalous ? 1 : 0;
  }
  for (auto& [name, kind] : kinds) {
    std::vector<double> scores;
    std::vector<std::uint8_t> labels;
    for (std::size_t i = 0; i < tested.images.size(); ++i) {
      if (tested.images[i].kind != "good" && tested.images[i].kind != name) continue;
      scores.push_back(tested.verdicts[i].surprisal);
      labels.push_back(tested.images[i].kind == "good" ? 0 : 1);
    }
    if (name != "good") kind.AUROC = evaluate(scores, labels).image_AUROC;
  }
  return kinds;
}

std::string with_interval(double value, const Interval& interval) {
  return fmt::format("{:.4f} (95 %: {:.4f} to {:.4f})", value, interval.low, interval.high);
}

}  // namespace

void test_images(const ImageCommand& command) {
  require_known_options(*command.app, {"--threads", "--json", "--report"}, "tables, and the model is of images");
  if (command.data.size() != 1) throw InvalidParameter("name one category in the layout of MVTec AD");
  const auto model = images::ImageModel::load(command.model, command.common.threads);
  const Tested tested = judge(model, command);
  std::vector<double> scores;
  std::vector<std::uint8_t> labels;
  for (std::size_t i = 0; i < tested.images.size(); ++i) {
    scores.push_back(tested.verdicts[i].surprisal);
    labels.push_back(tested.images[i].kind == "good" ? 0 : 1);
  }
  const auto metrics = evaluate(scores, labels);
  BootstrapOptions bootstrap;
  bootstrap.threads = command.common.threads;
  const auto intervals = bootstrap_intervals(scores, labels, bootstrap);
  const auto pixels = localisation(tested);
  const auto kinds = by_kind(tested);
  // Before anything is printed, as for tables.
  if (!command.output.empty()) {
    const auto page = image_report(command, model, tested, kinds, pixels);
    write_file_atomically(command.output, std::as_bytes(std::span(page)));
  }
  if (command.common.json) {
    nlohmann::ordered_json json;
    json["image_AUROC"] = metrics.image_AUROC;
    json["image_AUROC_interval"] = {intervals.image_AUROC.low, intervals.image_AUROC.high};
    json["AUPR"] = metrics.AUPR;
    json["F1Max"] = metrics.F1Max;
    if (pixels) {
      json["pixel_AUROC"] = pixels->pixel_AUROC;
      json["AUPRO"] = pixels->AUPRO;
      json["regions"] = pixels->regions;
    }
    for (const auto& [name, kind] : kinds) {
      json["kinds"][name] = {{"images", kind.images}, {"called_anomalous", kind.called}};
      if (name != "good") json["kinds"][name]["image_AUROC"] = kind.AUROC;
    }
    print_json(json);
    return;
  }
  Table table = {{"image_AUROC", with_interval(metrics.image_AUROC, intervals.image_AUROC)},
                 {"AUPR", with_interval(metrics.AUPR, intervals.AUPR)},
                 {"F1Max", with_interval(metrics.F1Max, intervals.F1Max)}};
  if (pixels) {
    table.emplace_back("pixel_AUROC", fmt::format("{:.4f}", pixels->pixel_AUROC));
    table.emplace_back("AUPRO",
                       fmt::format("{:.4f} (to 30 % false positives, {} regions)", pixels->AUPRO, pixels->regions));
  }
  print_table(table);
  Grid grid = {{"kind", "images", "called anomalous", "image_AUROC"}};
  for (const auto& [name, kind] : kinds) {
    grid.push_back({name, fmt::format("{}", kind.images), fmt::format("{}", kind.called),
                    name == "good" ? "" : fmt::format("{:.4f}", kind.AUROC)});
  }
  print("\n");
  print_grid(grid);
}

}  // namespace kernad::cli
