// The sections that are plots.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "histogram.hpp"
#include "html.hpp"
#include "kernad/curves.hpp"
#include "plot.hpp"
#include "sections.hpp"

namespace kernad::cli {
namespace {

constexpr double kInvisible = 0.004;  // of an axis: less than two units of the plot

std::string figure(const std::string& heading, const Plot& plot, const std::string& caption) {
  return fmt::format(
      "<section class=\"keep\"><h2>{}</h2>\n<figure>\n{}<figcaption>{}</figcaption>\n</figure></section>\n",
      html::escape(heading), plot.svg(), html::escape(caption));
}

std::vector<OperatingPoint> curve(const TestResult& result) {
  return thinned(operating_points(anomaly_scores(result), result.labels), kInvisible);
}

void draw_bars(Plot& plot, const Histogram& bins) {
  const double width = (bins.high - bins.low) / static_cast<double>(bins.normals.size());
  for (std::size_t i = 0; i < bins.normals.size(); ++i) {
    const double from = bins.low + static_cast<double>(i) * width;
    if (bins.normals[i] > 0) plot.bar(from, from + width, bins.normals[i], "nf");
    if (bins.anomalies[i] > 0) plot.bar(from, from + width, -bins.anomalies[i], "af");
  }
  plot.line(std::array<Point, 2>{{{bins.low, 0}, {bins.high, 0}}}, "axis");
}

}  // namespace

std::string roc_section(const TestResult& result) {
  const double area = result.metrics.image_AUROC;
  Plot plot("ROC curve", fmt::format("True-positive rate over false-positive rate; the area below is {:.4f}.", area),
            unit_axis("false-positive rate"), unit_axis("true-positive rate"));
  std::vector<Point> line;
  for (const auto& point : curve(result)) line.emplace_back(point.FPR, point.TPR);
  plot.line(std::array<Point, 2>{{{0, 0}, {1, 1}}}, "guide");
  plot.line(line, "n");
  std::string caption = fmt::format("Area (image_AUROC) {:.4f}. Dashed: chance.", area);
  if (const auto& confusion = result.confusion) {
    plot.dot({confusion->FPR(), confusion->TPR()}, "mark");
    caption += " Circle: the threshold.";
  }
  return figure("ROC curve", plot, caption);
}

std::string precision_recall_section(const TestResult& result) {
  const double area = result.metrics.AUPR;
  Plot plot("Precision-recall curve", fmt::format("Precision over recall; the average precision is {:.4f}.", area),
            unit_axis("recall (true-positive rate)"), unit_axis("precision"));
  const auto points = curve(result);
  std::vector<Point> line;
  for (std::size_t i = 1; i < points.size(); ++i) {
    line.emplace_back(points[i - 1].TPR, points[i].precision);
    line.emplace_back(points[i].TPR, points[i].precision);
  }
  const double chance = points.back().precision;  // the share of anomalies among all rows
  plot.line(std::array<Point, 2>{{{0, chance}, {1, chance}}}, "guide");
  plot.line(line, "n");
  std::string caption = fmt::format("Area (AUPR, average precision) {:.4f}. Dashed: chance, {:.4f}.", area, chance);
  if (const auto& confusion = result.confusion;
      confusion && confusion->true_positives + confusion->false_positives > 0) {
    plot.dot({confusion->TPR(), confusion->precision()}, "mark");
    caption += " Circle: the threshold.";
  }
  return figure("Precision and recall", plot, caption);
}

std::string histogram_section(std::optional<double> threshold, const TestResult& result) {
  const ScoreScale scale(normal_log_densities(result));
  const auto bins = histogram(result, scale);
  const double highest = std::max(std::ranges::max(bins.normals), std::ranges::max(bins.anomalies));
  Plot plot("Histogram of log-densities",
            "Share of the normal rows in each bin upwards, of the anomalous rows downwards.",
            {"log-density (nats, on an asinh scale)", bins.low, bins.high, bins.ticks},
            {"share of the class", -1.25 * highest, 1.25 * highest, mirrored_percentages(highest)});
  draw_bars(plot, bins);
  std::string caption = "Upwards: normal rows. Downwards: anomalous rows.";
  bool names_at_the_right = false;
  if (threshold) {
    const double at = scale.to(*threshold);
    plot.vertical(at, at < bins.low ? "\u2190 threshold" : at > bins.high ? "threshold \u2192" : "threshold");
    caption += " Rows left of the dashed line, or on it, are called anomalous.";
    names_at_the_right = at < (bins.low + bins.high) / 2;
  }
  const double at = names_at_the_right ? bins.high : bins.low;
  plot.key({at, 1.1 * highest}, names_at_the_right, "nf", "normal rows");
  plot.key({at, -1.2 * highest}, names_at_the_right, "af", "anomalous rows");
  if (bins.clipped > 0) {
    const auto [low, high] = std::ranges::minmax(result.log_densities);
    caption += fmt::format(" Rows beyond the axis, counted at its end: {}; all lie from {:.3g} to {:.3g}.",
                           bins.clipped, low, high);
  }
  return figure("Log-densities", plot, caption);
}

}  // namespace kernad::cli
