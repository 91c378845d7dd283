// What plots of a detector show: its curves over all thresholds, and how well its p-values keep the promised rates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernad/calibration.hpp"
#include "kernad/export.hpp"
#include "kernad/intervals.hpp"

namespace kernad {

/// The result of calling rows with score >= threshold anomalous; the rates are in [0, 1].
struct OperatingPoint {
  double threshold = 0;  ///< in the scores' own unit
  double FPR = 0;        ///< share of the normal rows called anomalous
  double TPR = 0;        ///< recall
  double precision = 1;  ///< 1 where nothing is called anomalous
};

/// One point at infinity, where nothing is called anomalous, then one for each distinct score, highest first. The area
/// under straight lines through (FPR, TPR) is image_AUROC (a group of ties is a slope); the area under steps of height
/// precision over TPR is AUPR. scores, labels and errors: as for evaluate.
[[nodiscard]] KERNAD_API std::vector<OperatingPoint> operating_points(std::span<const double> scores,
                                                                      std::span<const std::uint8_t> labels);

/// Fewer points, for drawing: the first and last stay, and every point left out is within `tolerance` of the kept point
/// before it in FPR, TPR and precision. Throws InvalidParameter unless tolerance is in [0, 1].
[[nodiscard]] KERNAD_API std::vector<OperatingPoint> thinned(std::span<const OperatingPoint> points, double tolerance);

/// The false-positive rate that a p-value promises, and the observed one.
struct CalibrationPoint {
  double nominal = 0;   ///< rows with p-value <= this are called anomalous
  double observed = 0;  ///< share of the normal rows that are called so
  double realised = 0;  ///< the same under its old name, which the next minor version removes
  Interval expected;    ///< holds `observed` with 95 % probability if the rows are like those of the calibration
};

/// One point for each rate. normals: log-densities of normal rows that were used neither to fit nor to calibrate.
/// Throws InvalidInput for no rows or NaN, InvalidParameter for a rate outside [0, 1].
[[nodiscard]] KERNAD_API std::vector<CalibrationPoint> calibration_curve(const Calibration& calibration,
                                                                         std::span<const double> normals,
                                                                         std::span<const double> rates);

}  // namespace kernad
