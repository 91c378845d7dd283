#include "kernad/curves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernad/error.hpp"
#include "metrics/threshold_walk.hpp"

namespace kernad {

std::vector<OperatingPoint> operating_points(std::span<const double> scores, std::span<const std::uint8_t> labels) {
  const auto groups = metrics::tied_groups(scores, labels);
  const auto positives = static_cast<std::uint64_t>(std::count(labels.begin(), labels.end(), std::uint8_t{1}));
  metrics::ThresholdWalk walk(positives, labels.size() - positives);
  std::vector<OperatingPoint> points = {{std::numeric_limits<double>::infinity(), 0, 0, 1}};
  points.reserve(groups.size() + 1);
  for (const auto& group : groups) {
    walk.take(group);
    points.push_back({group.score, walk.FPR(), walk.TPR(), walk.precision()});
  }
  return points;
}

std::vector<OperatingPoint> thinned(std::span<const OperatingPoint> points, double tolerance) {
  if (!(tolerance >= 0 && tolerance <= 1)) {
    throw InvalidParameter(fmt::format("tolerance is {}; valid: 0 to 1", tolerance));
  }
  std::vector<OperatingPoint> kept;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto far = [&](double OperatingPoint::*rate) {
      return std::abs(points[i].*rate - kept.back().*rate) > tolerance;
    };
    if (i == 0 || i + 1 == points.size() || far(&OperatingPoint::FPR) || far(&OperatingPoint::TPR) ||
        far(&OperatingPoint::precision)) {
      kept.push_back(points[i]);
    }
  }
  return kept;
}

std::vector<CalibrationPoint> calibration_curve(const Calibration& calibration, std::span<const double> normals,
                                                std::span<const double> rates) {
  if (normals.empty()) throw InvalidInput("there are no normal rows; a calibration curve needs at least one");
  auto p_values = calibration.p_values(normals);
  std::sort(p_values.begin(), p_values.end());
  std::vector<CalibrationPoint> curve;
  curve.reserve(rates.size());
  for (const double rate : rates) {
    const Interval expected = expected_fpr(calibration.size(), normals.size(), rate);
    const auto called = std::upper_bound(p_values.begin(), p_values.end(), rate) - p_values.begin();
    const double observed = metrics::ratio(static_cast<std::uint64_t>(called), p_values.size());
    curve.push_back({rate, observed, observed, expected});
  }
  return curve;
}

}  // namespace kernad
