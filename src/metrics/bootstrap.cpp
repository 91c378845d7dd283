// The rows are sorted once. A resample is the number of times that each was drawn, evaluated in one walk over the rows.
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

/// One of 0 .. count - 1; the probabilities differ relatively by at most count / 2^32.
std::size_t draw(std::uint64_t seed, std::uint64_t number, std::size_t count) {
  return static_cast<std::size_t>((row_key(seed, number) >> 32) * count >> 32);
}

/// How often each row of a class was drawn; the rows are in order of score, highest first. Bytes, because a million of
/// them still fit a cache. More than 255 of n draws fall on one of n rows with a probability below 1 / 256! < 1e-500.
using Draws = std::vector<std::uint8_t>;

/// The draws of `count` rows from `row` on; moves `row` past them.
std::uint64_t next(const Draws& draws, std::size_t& row, std::uint64_t count) {
  std::uint64_t sum = 0;
  for (const std::size_t end = row + count; row < end; ++row) sum += draws[row];
  return sum;
}

/// The scratch memory of one thread.
struct Scratch {
  Draws positives;
  Draws negatives;
};

class Resampler {
 public:
  Resampler(std::span<const double> scores, std::span<const std::uint8_t> labels)
      : groups_(metrics::tied_groups(scores, labels)),
        positives_(static_cast<std::size_t>(std::count(labels.begin(), labels.end(), std::uint8_t{1}))),
        negatives_(labels.size() - positives_) {}

  [[nodiscard]] DetectionMetrics metrics_of(std::uint64_t seed, Scratch& drawn) const {
    drawn.positives.assign(positives_, 0);
    drawn.negatives.assign(negatives_, 0);
    for (std::size_t i = 0; i < positives_; ++i) ++drawn.positives[draw(seed, i, positives_)];
    for (std::size_t i = 0; i < negatives_; ++i) ++drawn.negatives[draw(seed, positives_ + i, negatives_)];
    metrics::ThresholdWalk walk(positives_, negatives_);
    std::size_t positive = 0;
    std::size_t negative = 0;
    for (const auto& group : groups_) {
      const TiedRows rows = {group.score, next(drawn.positives, positive, group.positives),
                             next(drawn.negatives, negative, group.negatives)};
      if (rows.positives + rows.negatives != 0) walk.take(rows);
    }
    return walk.result();
  }

 private:
  std::vector<TiedRows> groups_;
  std::size_t positives_;
  std::size_t negatives_;
};

/// Linear between the two order statistics around each end.
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
  std::vector<Scratch> drawn(static_cast<std::size_t>(threads));
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
