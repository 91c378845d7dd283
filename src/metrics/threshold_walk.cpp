#include "metrics/threshold_walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernad/error.hpp"

namespace kernad::metrics {
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

}  // namespace

std::vector<TiedRows> tied_groups(std::span<const double> scores, std::span<const std::uint8_t> labels) {
  require_scores_and_labels(scores, labels);
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });

  std::vector<TiedRows> groups;
  for (const std::size_t row : order) {
    if (groups.empty() || groups.back().score != scores[row]) groups.push_back({scores[row], 0, 0});
    ++(labels[row] == 1 ? groups.back().positives : groups.back().negatives);
  }
  return groups;
}

void ThresholdWalk::take(const TiedRows& group) {
  // Each normal row here loses to the anomalies seen before it and ties with those of its own group.
  doubled_wins_ += group.negatives * (2 * true_positives_ + group.positives);
  true_positives_ += group.positives;
  false_positives_ += group.negatives;
  if (group.positives == 0) return;  // neither precision nor F1 nor recall grows

  const std::uint64_t called = true_positives_ + false_positives_;
  metrics_.AUPR += ratio(group.positives, positives_) * ratio(true_positives_, called);
  const double f1 = ratio(2 * true_positives_, positives_ + called);
  if (f1 > metrics_.F1Max) {  // on a tie the highest threshold stays: it calls the fewest rows anomalous
    metrics_.F1Max = f1;
    metrics_.F1Max_threshold = group.score;
  }
  if (!reached_95_ && 20 * true_positives_ >= 19 * positives_) {
    reached_95_ = true;
    metrics_.FPR_at_95TPR = ratio(false_positives_, negatives_);
  }
}

DetectionMetrics ThresholdWalk::result() const {
  DetectionMetrics metrics = metrics_;
  metrics.image_AUROC = ratio(doubled_wins_, 2 * positives_ * negatives_);
  metrics.AUPR = std::min(metrics.AUPR, 1.0);  // a sum of many rounded steps may exceed it by an ulp
  metrics.normal_count = negatives_;
  metrics.anomalous_count = positives_;
  return metrics;
}

}  // namespace kernad::metrics
