// Promised against observed false-positive rates, as a plot over all rates and a table of the small ones.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "html.hpp"
#include "kernad/curves.hpp"
#include "plot.hpp"
#include "sections.hpp"

namespace kernad::cli {
namespace {

constexpr int kPoints = 100;

std::string draw(const KDEClassifier& model, const TestResult& result, std::span<const double> normals) {
  std::vector<double> rates;
  for (int i = 1; i <= kPoints; ++i) rates.push_back(static_cast<double>(i) / kPoints);
  Plot plot("Calibration", "Observed over promised false-positive rate, with the band in which it should lie.",
            unit_axis("promised false-positive rate"), unit_axis("observed false-positive rate"));
  std::vector<Point> line = {{0, 0}};
  std::vector<Point> band = {{0, 0}};
  const auto curve = calibration_curve(model.calibration(), normals, rates);
  for (const auto& point : curve) {
    line.emplace_back(point.nominal, point.observed);
    band.emplace_back(point.nominal, point.expected.high);
  }
  for (auto point = curve.rbegin(); point != curve.rend(); ++point) {
    band.emplace_back(point->nominal, point->expected.low);
  }
  plot.area(band, "band");
  plot.line(std::array<Point, 2>{{{0, 0}, {1, 1}}}, "guide");
  plot.line(line, "n");
  if (model.has_threshold() && model.threshold().rule == ThresholdRule::target_fpr) {
    plot.dot({model.threshold().value, result.confusion->FPR()}, "mark");
  }
  return plot.svg();
}

std::string table(const KDEClassifier& model, std::span<const double> normals) {
  std::vector<double> rates = {0.001, 0.01, 0.05, 0.1};
  if (model.has_threshold() && model.threshold().rule == ThresholdRule::target_fpr) {
    rates.push_back(model.threshold().value);
  }
  std::erase_if(rates, [&](double rate) { return rate < model.calibration().smallest_fpr(); });
  std::ranges::sort(rates);
  rates.erase(std::unique(rates.begin(), rates.end()), rates.end());
  std::vector<std::vector<std::string>> cells;
  for (const auto& point : calibration_curve(model.calibration(), normals, rates)) {
    cells.push_back({fmt::format("{:.4g}", point.nominal), fmt::format("{:.4f}", point.observed),
                     fmt::format("{:.4f} to {:.4f}", point.expected.low, point.expected.high)});
  }
  if (cells.empty()) return "";
  return html::table("Small rates", {"promised FPR", "observed", "95 % band"}, cells);
}

}  // namespace

std::string calibration_section(const KDEClassifier& model, const TestResult& result) {
  const std::string start = "<section class=\"keep\"><h2>Calibration</h2>\n";
  if (!model.is_calibrated()) {
    return start +
           "<p class=\"missing\">The model is not calibrated, so it promises no false-positive rate. <code>kernad "
           "calibrate MODEL --normals DATA</code> calibrates it, as does <code>kernad fit --target-fpr RATE</code>.</p>"
           "</section>\n";
  }
  const auto normals = normal_log_densities(result);
  const std::string caption = fmt::format(
      "Share of the {} normal rows whose p-value is at most the promised rate. Shaded: where that share lies with 95 % "
      "probability if they are like the {} rows of the calibration and the model was not fitted on any of them. Above "
      "the band there are more false alarms than promised, below it fewer.",
      normals.size(), model.calibration().size());
  return start + "<figure>\n" + draw(model, result, normals) + "<figcaption>" + html::escape(caption) +
         "</figcaption>\n</figure>\n" + table(model, normals) + "</section>\n";
}

}  // namespace kernad::cli
