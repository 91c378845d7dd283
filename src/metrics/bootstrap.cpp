// The rows are sorted once; a resample is only how often each group of ties was drawn.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/intervals.hpp"
#include "kernad/sampling.hpp"
#include "metrics/threshold_walk.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad {
namespace {

using metrics::TiedRows;

void require_valid(const BootstrapOptions& options) {
  parallel::checked_thread_count(options.threads);
  if (options.resamples == 0) throw InvalidParameter("resamples is 0; valid: 1 or more");
  if (!(options.confidence > 0 && options.confidence < 1)) {
    throw InvalidParameter(fmt::format("confidence is {}; valid: above 0 and below 1", options.confidence));
  }
}

/// One of 0 .. count - 1; the chances differ by at most count / 2^32 of themselves.
std::size_t draw(std::uint64_t seed, std::uint64_t number, std::size_t count) {
  return static_cast<std::size_t>((row_key(seed, number) >> 32) * count >> 32);
}

/// Draws resamples of rows whose group of ties is known.
class Resampler {
 public:
  Resampler(std::span<const double> scores, std::span<const std::uint8_t> labels) {
    std::vector<std::size_t> group_of;
    groups_ = metrics::tied_groups(scores, labels, &group_of);
    for (std::size_t i = 0; i < labels.size(); ++i) (labels[i] == 1 ? positives_ : negatives_).push_back(group_of[i]);
    for (auto& group : groups_) group.positives = group.negatives = 0;
  }

  /// drawn: scratch memory.
  [[nodiscard]] DetectionMetrics metrics_of(std::uint64_t seed, std::vector<TiedRows>& drawn) const {
    drawn = groups_;
    const std::size_t positives = positives_.size();
    for (std::size_t i = 0; i < positives; ++i) ++drawn[positives_[draw(seed, i, positives)]].positives;
    for (std::size_t i = 0; i < negatives_.size(); ++i) {
      ++drawn[negatives_[draw(seed, positives + i, negatives_.size())]].negatives;
    }
    metrics::ThresholdWalk walk(positives, negatives_.size());
    for (const auto& group : drawn) {
      if (group.positives + group.negatives != 0) walk.take(group);
    }
    return walk.result();
  }

 private:
  std::vector<TiedRows> groups_;        // without rows yet
  std::vector<std::size_t> positives_;  // the group of each anomalous row
  std::vector<std::size_t> negatives_;
};

/// Between the two order statistics around each end, linearly.
Interval percentiles(std::vector<DetectionMetrics>& resamples, double DetectionMetrics::*metric, double confidence) {
  std::vector<double> values;
  values.reserve(resamples.size());
  for (const auto& resample : resamples) values.push_back(resample.*metric);
  std::sort(values.begin(), values.end());
  const auto quantile = [&](double share) {
    const double at = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (at - std::floor(at)) * (values[above] - values[below]);
  };
  return {quantile((1 - confidence) / 2), quantile((1 + confidence) / 2)};
}

}  // namespace

DetectionIntervals bootstrap_intervals(std::span<const double> scores, std::span<const std::uint8_t> labels,
                                       const BootstrapOptions& options) {
  require_valid(options);
  const Resampler resampler(scores, labels);
  const int threads = parallel::resolve_threads(options.threads);
  std::vector<std::vector<TiedRows>> drawn(static_cast<std::size_t>(threads));
  std::vector<DetectionMetrics> resamples(options.resamples);
  parallel::parallel_for(options.resamples, threads, [&](std::size_t i, std::size_t worker) {
    resamples[i] = resampler.metrics_of(row_key(options.seed, i), drawn[worker]);
  });
  const auto interval = [&](double DetectionMetrics::*metric) {
    return percentiles(resamples, metric, options.confidence);
  };
  return {interval(&DetectionMetrics::image_AUROC), interval(&DetectionMetrics::AUPR),
          interval(&DetectionMetrics::F1Max), interval(&DetectionMetrics::FPR_at_95TPR)};
}

}  // namespace kernad
