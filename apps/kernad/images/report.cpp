#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "../report/html.hpp"
#include "../report/sections.hpp"
#include "kernad/metrics.hpp"
#include "kernad/version.hpp"
#include "tested.hpp"

namespace kernad::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShown = 12;        // images of each gallery
constexpr std::size_t kShownWidth = 360;  // pixels that they are at most wide on the page

std::string base64(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(bytes.size() - i, 3);
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8U | (k < count ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k) text += k <= count ? digits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

/// An rgb8 image, each pixel the mean of a square of the large one.
images::Image shrunk(const images::Image& large) {
  const std::size_t step = (large.width() + kShownWidth - 1) / kShownWidth;
  images::Image small(large.width() / step, std::max<std::size_t>(large.height() / step, 1), large.format());
  for (std::size_t y = 0; y < small.height(); ++y) {
    for (std::size_t i = 0; i < 3 * small.width(); ++i) {
      unsigned sum = 0;
      for (std::size_t dy = 0; dy < step; ++dy) {
        const auto* row = large.row(std::min(y * step + dy, large.height() - 1));
        for (std::size_t dx = 0; dx < step; ++dx)
          sum += std::to_integer<unsigned>(row[3 * (i / 3 * step + dx) + i % 3]);
      }
      small.row(y)[i] = static_cast<std::byte>(sum / (step * step));
    }
  }
  return small;
}

/// The image as part of the page.
std::string inlined(const images::Image& image, const std::string& words) {
  return fmt::format(R"(<img alt="{}" src="data:image/jpeg;base64,{}"/>)", html::escape(words),
                     base64(images::encode_jpeg(shrunk(image))));
}

/// A map in which every patch is as usual: the overlay of it is the image itself, as rgb8.
images::Image plain(const images::Image& image, const images::ImageModel& model) {
  Embeddings usual(1, 1);
  usual(0, 0) = static_cast<float>(model.heat_scale().usual);
  return images::overlay(image, usual, model.heat_scale());
}

/// The training image whose patches are most like the hottest one, if it is still where it was.
std::string nearest_good(const images::ImageModel& model, const images::Image& image, const images::Verdict& verdict) {
  const auto& map = verdict.map;
  const auto hottest = static_cast<std::size_t>(std::ranges::max_element(map.values()) - map.values().begin());
  const auto near = model.nearest(image, hottest / map.cols(), hottest % map.cols(), 1);
  if (near.empty()) return "";
  try {
    return inlined(plain(images::read_image(near[0].name), model), "nearest good part: " + near[0].name);
  } catch (const ReadError&) {
    return fmt::format("<span class=\"quiet\">nearest good part: {}</span>", html::escape(near[0].name));
  }
}

std::string shown(const images::ImageModel& model, const images::TestImage& test, std::string_view verdict_word) {
  const images::Image image = images::read_image(test.path);
  const images::Verdict verdict = model.judge(image);
  return fmt::format(
      "<figure class=\"keep\"><div class=\"three\">{}{}{}</div>\n<figcaption>{}: {}. Score {:.3f}, p-value {:.3g}, "
      "surprisal {:.1f}.</figcaption></figure>\n",
      inlined(plain(image, model), test.path),
      inlined(images::overlay(image, verdict.map, model.heat_scale()), "heat map of " + test.path),
      nearest_good(model, image, verdict), html::escape(test.kind + "/" + fs::path(test.path).filename().string()),
      verdict_word, verdict.score, verdict.p_value, verdict.surprisal);
}

/// Some of the images, the `first` of them first; nothing where there is none.
std::string gallery(const images::ImageModel& model, const Tested& tested, const std::string& title,
                    const std::string& about, std::string_view word, const auto& is_shown, const auto& order) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < tested.images.size(); ++i) {
    if (is_shown(tested.images[i].kind == "good", tested.verdicts[i].anomalous)) chosen.push_back(i);
  }
  if (chosen.empty()) return "";
  std::ranges::stable_sort(chosen, {}, [&](std::size_t i) { return order(tested.verdicts[i].surprisal); });
  std::string body = fmt::format("<section><h2>{}</h2>\n<p class=\"quiet\">{}{}</p>\n", title, about,
                                 chosen.size() > kShown ? fmt::format(" {} of {}.", kShown, chosen.size()) : "");
  for (std::size_t k = 0; k < std::min(chosen.size(), kShown); ++k)
    body += shown(model, tested.images[chosen[k]], word);
  return body + "</section>\n";
}

TestResult as_result(const Tested& tested) {
  TestResult result;
  std::vector<std::uint8_t> called;
  for (std::size_t i = 0; i < tested.images.size(); ++i) {
    result.labels.push_back(tested.images[i].kind == "good" ? 0 : 1);
    result.log_densities.push_back(-tested.verdicts[i].surprisal);
    called.push_back(tested.verdicts[i].anomalous ? 1 : 0);
  }
  result.metrics = evaluate(anomaly_scores(result), result.labels);
  result.metrics.F1Max_threshold = -result.metrics.F1Max_threshold;
  result.confusion = confusion_matrix(called, result.labels);
  return result;
}

std::string kinds_section(const std::map<std::string, DefectKind>& kinds,
                          const std::optional<images::LocalisationMetrics>& pixels) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(kinds.size());
  for (const auto& [name, kind] : kinds) {
    rows.push_back({name, fmt::format("{}", kind.images), fmt::format("{}", kind.called),
                    name == "good" ? "" : fmt::format("{:.4f}", kind.AUROC)});
  }
  std::string text = "<section class=\"keep\"><h2>Kinds of defects</h2>\n" +
                     html::table("", {"kind", "images", "called anomalous", "image_AUROC"}, rows);
  if (pixels) {
    text += fmt::format(
        "<p>Where the defects are: pixel_AUROC {:.4f}, AUPRO up to 30 % false positives {:.4f}, over {} regions.</p>",
        pixels->pixel_AUROC, pixels->AUPRO, pixels->regions);
  }
  return text + "</section>\n";
}

}  // namespace

std::string image_report(const ImageCommand& command, const images::ImageModel& model, const Tested& tested,
                         const std::map<std::string, DefectKind>& kinds,
                         const std::optional<images::LocalisationMetrics>& pixels) {
  const auto name = [](const std::string& path) { return fs::path(path).lexically_normal().filename().string(); };
  const TestResult result = as_result(tested);
  const std::string title = fmt::format("{} on {}", name(command.model), name(command.data.front()));
  std::string body = fmt::format(
      "<style>.three{{display:grid;grid-template-columns:repeat(3,1fr);gap:.25rem}}.three img{{width:100%;height:auto}}"
      "</style>\n<header><h1>{}</h1>\n<p class=\"quiet\">{} good images and {} with defects, judged by kernad {}; "
      "the model "
      "was fitted on {} good ones. The higher an image's surprisal, in nats, the more anomalous it is; from {:.1f} on "
      "it is "
      "called anomalous{}.</p></header>\n<main>\n",
      html::escape(title), result.metrics.normal_count, result.metrics.anomalous_count, KERNAD_VERSION,
      model.report().images, model.threshold(),
      fmt::format(", as at most {:.3g} of good images should be", model.target_fpr()));
  const auto up = [](double surprisal) { return surprisal; };
  const auto down = [](double surprisal) { return -surprisal; };
  const std::string columns = "The image, its heat map, and the good part that is nearest to the hottest patch. ";
  body += gallery(
      model, tested, "Missed defects", columns + "The least surprising first.", "called normal",
      [](bool good, bool called) { return !good && !called; }, up);
  body += gallery(
      model, tested, "False alarms", columns + "The most surprising first.", "called anomalous",
      [](bool good, bool called) { return good && called; }, down);
  body += "<div class=\"grid\">\n" + metrics_section(result, command.common.threads) + kinds_section(kinds, pixels) +
          "</div>\n";
  body += "<div class=\"grid\">\n" + histogram_section(-model.threshold(), result) + roc_section(result) +
          precision_recall_section(result) + "</div>\n";
  body += gallery(
      model, tested, "Defects that were found", columns + "The most surprising first.", "called anomalous",
      [](bool good, bool called) { return !good && called; }, down);
  body += gallery(
      model, tested, "Good parts", columns + "The most surprising first.", "called normal",
      [](bool good, bool called) { return good && !called; }, down);
  return html::page(title, body + "</main>\n");
}

}  // namespace kernad::cli
