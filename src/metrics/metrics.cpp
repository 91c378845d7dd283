#include "kernad/metrics.hpp"

#include <algorithm>

#include "metrics/threshold_walk.hpp"

namespace kernad {

DetectionMetrics evaluate(std::span<const double> scores, std::span<const std::uint8_t> labels) {
  const auto groups = metrics::tied_groups(scores, labels);
  const auto positives = static_cast<std::uint64_t>(std::count(labels.begin(), labels.end(), std::uint8_t{1}));
  metrics::ThresholdWalk walk(positives, labels.size() - positives);
  for (const auto& group : groups) walk.take(group);
  return walk.result();
}

}  // namespace kernad
