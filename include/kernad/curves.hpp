// What a plot of a detector shows: its curves over all thresholds, and how well its p-values keep their promise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernad/calibration.hpp"
#include "kernad/export.hpp"
#include "kernad/intervals.hpp"

namespace kernad {

/// What calling rows with score >= threshold anomalous gives; the rates are in [0, 1].
struct OperatingPoint {
  double threshold = 0;  ///< in the scores' own unit
  double FPR = 0;        ///< share of the normal rows called anomalous
  double TPR = 0;        ///< recall
  double precision = 1;  ///< 1 where nothing is called anomalous
};

/// A point for each distinct score, highest first, after one at infinity where nothing is called anomalous. Straight
/// lines through (FPR, TPR) have the area image_AUROC (a group of ties is a slope); steps of height precision over TPR
/// have the area AUPR. scores, labels and errors: as for evaluate.
[[nodiscard]] KERNAD_API std::vector<OperatingPoint> operating_points(std::span<const double> scores,
                                                                      std::span<const std::uint8_t> labels);

/// Fewer points for drawing: first and last stay, and every point left out lies within `tolerance` of the kept one
/// before it in FPR, TPR and precision. Throws InvalidParameter unless tolerance is in [0, 1].
[[nodiscard]] KERNAD_API std::vector<OperatingPoint> thinned(std::span<const OperatingPoint> points, double tolerance);

/// The false-positive rate that a p-value promises, and the one that came of it.
struct CalibrationPoint {
  double nominal = 0;   ///< rows with p-value <= this are called anomalous
  double observed = 0;  ///< share of the normal rows that are
  double realised = 0;  ///< the same by its old name, which goes with the next minor version
  Interval expected;    ///< where `observed` lies with 95 % if the rows are like those of the calibration
};

/// At each of the rates. normals: log-densities of normal rows that neither fit nor calibration has seen. Throws
/// InvalidInput for no rows or NaN, InvalidParameter for a rate outside [0, 1].
[[nodiscard]] KERNAD_API std::vector<CalibrationPoint> calibration_curve(const Calibration& calibration,
                                                                         std::span<const double> normals,
                                                                         std::span<const double> rates);

}  // namespace kernad
