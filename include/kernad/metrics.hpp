// How well scores separate anomalies from normal rows: the usual threshold-free and best-threshold metrics.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernad/export.hpp"

namespace kernad {

/// All in [0, 1] except the threshold, which is in the scores' own unit.
struct DetectionMetrics {
  double image_AUROC = 0;           ///< P(score of an anomaly > score of a normal), ties counted half (Mann-Whitney)
  double AUPR = 0;                  ///< average precision: sum over distinct thresholds of (recall step) * precision
  double F1Max = 0;                 ///< largest F1 over all thresholds
  double F1Max_threshold = 0;       ///< rows with score >= this are called anomalous at F1Max
  double FPR_at_95TPR = 0;          ///< smallest false-positive rate among thresholds with a true-positive rate >= 0.95
  std::size_t normal_count = 0;     ///< rows labelled 0
  std::size_t anomalous_count = 0;  ///< rows labelled 1
};

/// scores: one per row, finite; higher is more anomalous (pass -log_density). labels: 0 normal, 1 anomalous.
/// Throws InvalidInput when the sizes differ, a score is NaN, a label is neither 0 nor 1, or one class is empty.
[[nodiscard]] KERNAD_API DetectionMetrics evaluate(std::span<const double> scores,
                                                   std::span<const std::uint8_t> labels);

/// Counts of rows by what they were called and what they are. A rate over no rows is 0.
struct KERNAD_API ConfusionMatrix {
  std::size_t true_positives = 0;   ///< anomalous rows called anomalous
  std::size_t false_positives = 0;  ///< normal rows called anomalous
  std::size_t true_negatives = 0;   ///< normal rows not called anomalous
  std::size_t false_negatives = 0;  ///< anomalous rows not called anomalous

  [[nodiscard]] double FPR() const noexcept;        ///< share of the normal rows called anomalous
  [[nodiscard]] double TPR() const noexcept;        ///< recall: share of the anomalous rows called so
  [[nodiscard]] double precision() const noexcept;  ///< share of anomalous rows among those called anomalous
  [[nodiscard]] double F1() const noexcept;         ///< harmonic mean of precision and recall
};

/// called, labels: 0 or 1, one per row. Throws InvalidInput when the sizes differ or a value is neither.
[[nodiscard]] KERNAD_API ConfusionMatrix confusion_matrix(std::span<const std::uint8_t> called,
                                                          std::span<const std::uint8_t> labels);

using Confusion [[deprecated("use ConfusionMatrix")]] = ConfusionMatrix;  ///< removed in the next minor version
/// Removed in the next minor version.
[[deprecated("use confusion_matrix")]] [[nodiscard]] inline ConfusionMatrix confusion(
    std::span<const std::uint8_t> called, std::span<const std::uint8_t> labels) {
  return confusion_matrix(called, labels);
}

}  // namespace kernad
