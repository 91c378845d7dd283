// How sure a measured rate is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernad/export.hpp"

namespace kernad {

/// Both ends belong to it.
struct Interval {
  double low = 0;   ///< at most high
  double high = 0;  ///< at least low
};

/// Of the metrics of the same names (DetectionMetrics).
struct DetectionIntervals {
  Interval image_AUROC;   ///< in [0, 1], as all of them
  Interval AUPR;          ///< average precision
  Interval F1Max;         ///< largest F1 over all thresholds
  Interval FPR_at_95TPR;  ///< smallest false-positive rate with a true-positive rate >= 0.95
};

/// Of bootstrap_intervals.
struct BootstrapOptions {
  std::size_t resamples = 1'000;  ///< at least 1
  double confidence = 0.95;       ///< in (0, 1)
  std::uint64_t seed = 0;         ///< of the resamples
  int threads = 0;                ///< 0: as many as KERNAD_NUM_THREADS says, else as the machine has
};

/// Percentile intervals from resamples of the rows with replacement, of each class as many as there are: what other
/// test rows of the same kinds would have given. The same seed gives the same bits on any number of
/// threads. scores, labels and errors: as for
/// evaluate; throws InvalidParameter for options outside their range. Source: Efron and Tibshirani, An Introduction to
/// the Bootstrap (1993), ch. 13. With few rows of a class they are too narrow, and a perfect metric has width 0.
[[nodiscard]] KERNAD_API DetectionIntervals bootstrap_intervals(std::span<const double> scores,
                                                                std::span<const std::uint8_t> labels,
                                                                const BootstrapOptions& options = {});

/// Where the share of `rows` new normal rows with a conformal p-value <= fpr lies with the confidence asked, when the
/// p-values are ranks among `calibration_rows` others of the same kind without ties: their number is beta-binomial, as
/// the chance of calibration and that of the test add up. fpr in [0, 1], confidence in (0, 1), counts at least 1;
/// throws InvalidParameter otherwise. Source: Vovk (2012), "Conditional validity of inductive conformal predictors".
[[nodiscard]] KERNAD_API Interval expected_fpr(std::size_t calibration_rows, std::size_t rows, double fpr,
                                               double confidence = 0.95);

}  // namespace kernad
