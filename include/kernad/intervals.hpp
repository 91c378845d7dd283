// How certain a measured rate is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernad/export.hpp"

namespace kernad {

/// A closed interval.
struct Interval {
  double low = 0;   ///< at most high
  double high = 0;  ///< at least low
};

/// The intervals of the metrics of the same names in DetectionMetrics.
struct DetectionIntervals {
  Interval image_AUROC;   ///< in [0, 1], like all of them
  Interval AUPR;          ///< average precision
  Interval F1Max;         ///< largest F1 over all thresholds
  Interval FPR_at_95TPR;  ///< smallest false-positive rate with a true-positive rate >= 0.95
};

/// The options of bootstrap_intervals.
struct BootstrapOptions {
  std::size_t resamples = 1'000;  ///< at least 1
  double confidence = 0.95;       ///< in (0, 1)
  std::uint64_t seed = 0;         ///< of the resamples
  int threads = 0;                ///< 0: KERNAD_NUM_THREADS if set, else as many as the machine has
};

/// Percentile intervals from resampling the rows of each class with replacement, as many as there are: what other test
/// rows of the same kinds would have given. The same seed gives the same bits on any number of threads. With few rows
/// in a class the intervals are too narrow, and that of a perfect metric has width 0. scores, labels and errors: as for
/// evaluate; throws InvalidParameter for options outside their range. Source: Efron and Tibshirani, An Introduction to
/// the Bootstrap (1993), ch. 13.
[[nodiscard]] KERNAD_API DetectionIntervals bootstrap_intervals(std::span<const double> scores,
                                                                std::span<const std::uint8_t> labels,
                                                                const BootstrapOptions& options = {});

/// The interval that holds, with the given confidence, the share of `rows` new normal rows whose conformal p-value is
/// <= fpr, when p-values are ranks among `calibration_rows` others of the same kind without ties. The number of such
/// rows is beta-binomial, which combines the randomness of the calibration and that of the test. fpr in [0, 1],
/// confidence in (0, 1), counts at least 1; throws InvalidParameter otherwise. Source: Vovk (2012), "Conditional
/// validity of inductive conformal predictors".
[[nodiscard]] KERNAD_API Interval expected_fpr(std::size_t calibration_rows, std::size_t rows, double fpr,
                                               double confidence = 0.95);

}  // namespace kernad
