// All metrics from one walk over the thresholds, highest first. Counts stay whole numbers until the last division, so
// that a perfect result is exactly 1 and "at least 95 %" is decided without rounding.
#include "kernad/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "kernad/error.hpp"

namespace kernad {
namespace {

void require_scores_and_labels(std::span<const double> scores, std::span<const std::uint8_t> labels) {
  if (scores.size() != labels.size()) {
    throw InvalidInput(
        fmt::format("{} scores but {} labels; there must be one label a row", scores.size(), labels.size()));
  }
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i])) throw InvalidInput(fmt::format("score of row {} is NaN; valid: a number", i));
    if (labels[i] > 1) {
      throw InvalidInput(fmt::format("label of row {} is {}; valid: 0 (normal) and 1 (anomalous)", i, labels[i]));
    }
  }
  const auto anomalous = static_cast<std::size_t>(std::count(labels.begin(), labels.end(), std::uint8_t{1}));
  if (anomalous == 0 || anomalous == labels.size()) {
    throw InvalidInput(fmt::format("of {} rows {} are labelled anomalous; metrics need rows of both classes",
                                   labels.size(), anomalous));
  }
}

double ratio(std::uint64_t part, std::uint64_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

/// What is called anomalous at thresholds from high to low, a whole group of tied scores at a time.
class ThresholdWalk {
 public:
  explicit ThresholdWalk(std::span<const std::uint8_t> labels)
      : positives_(static_cast<std::uint64_t>(std::count(labels.begin(), labels.end(), std::uint8_t{1}))),
        negatives_(labels.size() - positives_) {}

  void lower_to(double threshold, std::uint64_t group_positives, std::uint64_t group_negatives) {
    // Each normal row here loses to the anomalies seen before it and ties with those of its own group.
    doubled_wins_ += group_negatives * (2 * true_positives_ + group_positives);
    true_positives_ += group_positives;
    false_positives_ += group_negatives;

    const std::uint64_t called = true_positives_ + false_positives_;
    metrics_.AUPR += ratio(group_positives, positives_) * ratio(true_positives_, called);
    const double f1 = ratio(2 * true_positives_, positives_ + called);
    if (f1 > metrics_.F1Max) {  // of equals the highest threshold stays: it calls the fewest rows anomalous
      metrics_.F1Max = f1;
      metrics_.F1Max_threshold = threshold;
    }
    if (!reached_95_ && 20 * true_positives_ >= 19 * positives_) {
      reached_95_ = true;
      metrics_.FPR_at_95TPR = ratio(false_positives_, negatives_);
    }
  }

  [[nodiscard]] DetectionMetrics result() const {
    DetectionMetrics metrics = metrics_;
    metrics.image_AUROC = ratio(doubled_wins_, 2 * positives_ * negatives_);
    metrics.AUPR = std::min(metrics.AUPR, 1.0);  // a sum of many rounded steps may end an ulp above
    metrics.normal_count = negatives_;
    metrics.anomalous_count = positives_;
    return metrics;
  }

 private:
  std::uint64_t positives_;
  std::uint64_t negatives_;
  std::uint64_t true_positives_ = 0;
  std::uint64_t false_positives_ = 0;
  std::uint64_t doubled_wins_ = 0;
  bool reached_95_ = false;
  DetectionMetrics metrics_;
};

}  // namespace

DetectionMetrics evaluate(std::span<const double> scores, std::span<const std::uint8_t> labels) {
  require_scores_and_labels(scores, labels);
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });

  ThresholdWalk walk(labels);
  for (std::size_t i = 0; i < order.size();) {
    const double threshold = scores[order[i]];
    std::uint64_t counts[2] = {0, 0};
    for (; i < order.size() && scores[order[i]] == threshold; ++i) ++counts[labels[order[i]]];
    walk.lower_to(threshold, counts[1], counts[0]);
  }
  return walk.result();
}

}  // namespace kernad
