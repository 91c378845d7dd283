// Computes all metrics in one walk over the thresholds, highest first. Counts stay integers until the last division, so
// that a perfect result is exactly 1 and "at least 95 %" is decided without rounding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernad/metrics.hpp"

namespace kernad::metrics {

[[nodiscard]] inline double ratio(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

/// Rows with the same score.
struct TiedRows {
  double score = 0;
  std::uint64_t positives = 0;
  std::uint64_t negatives = 0;
};

/// Checks scores and labels as documented for `evaluate`, and groups the rows, highest score first.
[[nodiscard]] std::vector<TiedRows> tied_groups(std::span<const double> scores, std::span<const std::uint8_t> labels);

/// Counts of what is called anomalous at thresholds from high to low, one group of tied scores at a time.
class ThresholdWalk {
 public:
  ThresholdWalk(std::uint64_t positives, std::uint64_t negatives) : positives_(positives), negatives_(negatives) {}

  /// The group must have rows.
  void take(const TiedRows& group);

  [[nodiscard]] DetectionMetrics result() const;
  [[nodiscard]] double FPR() const { return ratio(false_positives_, negatives_); }
  [[nodiscard]] double TPR() const { return ratio(true_positives_, positives_); }
  [[nodiscard]] double precision() const { return ratio(true_positives_, true_positives_ + false_positives_); }

 private:
  std::uint64_t positives_;
  std::uint64_t negatives_;
  std::uint64_t true_positives_ = 0;
  std::uint64_t false_positives_ = 0;
  std::uint64_t doubled_wins_ = 0;
  bool reached_95_ = false;
  DetectionMetrics metrics_;
};

}  // namespace kernad::metrics
