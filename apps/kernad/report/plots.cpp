// The sections that are plots.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "histogram.hpp"
#include "html.hpp"
#include "kernad/curves.hpp"
#include "plot.hpp"
#include "sections.hpp"

namespace kernad::cli {
namespace {

constexpr double kInvisible = 0.004;  // of an axis: less than two of a plot's units

std::string figure(const std::string& heading, const Plot& plot, const std::string& caption) {
  return fmt::format("<div class=\"keep\"><h2>{}</h2>\n<figure>\n{}<figcaption>{}</figcaption>\n</figure></div>\n",
                     html::escape(heading), plot.svg(), html::escape(caption));
}

std::string roc(std::span<const OperatingPoint> points, const DetectionMetrics& metrics,
                const std::optional<Confusion>& confusion) {
  Plot plot("ROC curve", fmt::format("True-positive rate over false-positive rate; area {:.4f}", metrics.image_AUROC),
            unit_axis("false-positive rate"), unit_axis("true-positive rate"));
  std::vector<Point> line;
  for (const auto& point : points) line.emplace_back(point.FPR, point.TPR);
  plot.line(std::vector<Point>{{0, 0}, {1, 1}}, "tick");
  plot.line(line, "n");
  if (confusion) plot.dot({confusion->FPR(), confusion->TPR()}, "mark");
  return figure("ROC curve", plot,
                fmt::format("Area {:.4f}. The diagonal is chance.{}", metrics.image_AUROC,
                            confusion ? " The circle is the model's threshold." : ""));
}

std::string precision_recall(std::span<const OperatingPoint> points, const DetectionMetrics& metrics,
                             const std::optional<Confusion>& confusion) {
  Plot plot("Precision-recall curve", fmt::format("Precision over recall; average precision {:.4f}", metrics.AUPR),
            unit_axis("recall"), unit_axis("precision"));
  std::vector<Point> line;
  for (std::size_t i = 1; i < points.size(); ++i) {
    line.emplace_back(points[i - 1].TPR, points[i].precision);
    line.emplace_back(points[i].TPR, points[i].precision);
  }
  const double chance = points.back().precision;  // of all rows
  plot.line(std::vector<Point>{{0, chance}, {1, chance}}, "tick");
  plot.line(line, "n");
  if (confusion && confusion->true_positives + confusion->false_positives > 0) {
    plot.dot({confusion->TPR(), confusion->precision()}, "mark");
  }
  return figure(
      "Precision and recall", plot,
      fmt::format("Area (average precision) {:.4f}. The level line is chance, {:.4f}.", metrics.AUPR, chance));
}

void draw_bars(Plot& plot, const Histogram& bins, double highest) {
  const double width = (bins.high - bins.low) / static_cast<double>(bins.normals.size());
  for (std::size_t i = 0; i < bins.normals.size(); ++i) {
    const double from = bins.low + static_cast<double>(i) * width;
    if (bins.normals[i] > 0) plot.bar(from, from + width, bins.normals[i], "nf");
    if (bins.anomalies[i] > 0) plot.bar(from, from + width, -bins.anomalies[i], "af");
  }
  plot.line(std::vector<Point>{{bins.low, 0}, {bins.high, 0}}, "axis");
  const double middle = (bins.low + bins.high) / 2;
  plot.text({middle, highest * 1.03}, "middle", "normal rows \u2191");
  plot.text({middle, -highest * 1.13}, "middle", "anomalous rows \u2193");
}

}  // namespace

std::string curves_section(const TestedRows& rows, const DetectionMetrics& metrics,
                           const std::optional<Confusion>& confusion) {
  std::vector<double> scores(rows.log_densities.size());
  std::transform(rows.log_densities.begin(), rows.log_densities.end(), scores.begin(), [](double x) { return -x; });
  const auto points = thinned(operating_points(scores, rows.labels), kInvisible);
  return "<section class=\"grid\">\n" + roc(points, metrics, confusion) + precision_recall(points, metrics, confusion) +
         "</section>\n";
}

std::string histogram_section(const KDEClassifier& model, const TestedRows& rows) {
  std::vector<double> normals;
  for (std::size_t i = 0; i < rows.labels.size(); ++i) {
    if (rows.labels[i] == 0) normals.push_back(rows.log_densities[i]);
  }
  const ScoreScale scale(std::move(normals));
  const auto bins = histogram(rows.log_densities, rows.labels, scale);
  const double highest = std::max(*std::ranges::max_element(bins.normals), *std::ranges::max_element(bins.anomalies));
  const auto percent = [](double share) { return fmt::format("{:.3g} %", 100 * share); };
  Axis y{"share of the class", -1.2 * highest, 1.2 * highest, {}};
  for (const double part : {-1.0, -0.5, 0.0, 0.5, 1.0})
    y.ticks.emplace_back(part * highest, percent(std::abs(part) * highest));
  Plot plot("Histogram of log-densities", "Shares of the normal rows upwards, of the anomalous rows downwards",
            {"log-density (nats; squeezed far from the normal rows)", bins.low, bins.high, bins.ticks}, std::move(y));
  draw_bars(plot, bins, highest);
  std::string caption = "Bars upwards: normal rows. Bars downwards: anomalous rows.";
  if (model.has_threshold()) {
    plot.vertical(scale.to(model.threshold().log_density), "threshold");
    caption += " Rows left of the dashed line, or on it, are called anomalous.";
  }
  if (bins.clipped > 0) {
    const auto [low, high] = std::ranges::minmax(rows.log_densities);
    caption += fmt::format(" {} rows lie beyond the axis and are counted at its end; all lie from {:.3g} to {:.3g}.",
                           bins.clipped, low, high);
  }
  return figure("Log-densities", plot, caption);
}

std::string calibration_section(const std::string& model_path, const KDEClassifier& model, const TestedRows& rows) {
  if (!model.is_calibrated()) {
    return fmt::format(
        "<div><h2>Calibration</h2>\n<p class=\"missing\">The model is not calibrated, so it has no p-values to check. "
        "Calibrate it on normal rows: <code>kernad calibrate {} --normals DATA</code>, or fit it with "
        "<code>--target-fpr</code>.</p></div>\n",
        html::escape(model_path));
  }
  std::vector<double> normals;
  for (std::size_t i = 0; i < rows.labels.size(); ++i) {
    if (rows.labels[i] == 0) normals.push_back(rows.log_densities[i]);
  }
  const auto curve = calibration_curve(model.calibration(), normals, 100);
  Plot plot("Calibration", "Realised false-positive rate over the nominal one, with the range where it should lie",
            unit_axis("nominal false-positive rate"), unit_axis("realised false-positive rate"));
  std::vector<Point> line = {{0, 0}};
  std::vector<Point> outline = {{0, 0}};
  for (const auto& point : curve) {
    line.emplace_back(point.nominal, point.realised);
    outline.emplace_back(point.nominal, point.expected.high);
  }
  for (auto point = curve.rbegin(); point != curve.rend(); ++point) {
    outline.emplace_back(point->nominal, point->expected.low);
  }
  plot.area(outline, "band");
  plot.line(std::vector<Point>{{0, 0}, {1, 1}}, "guide");
  plot.line(line, "n");
  return figure("Calibration", plot,
                fmt::format("Share of the normal rows called anomalous at each promised rate. The band holds it with "
                            "95 % at each rate if these {} rows are like the {} of the calibration and none was in the "
                            "fit; above the band there are more false alarms than promised.",
                            normals.size(), model.calibration().size()));
}

}  // namespace kernad::cli
