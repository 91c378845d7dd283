#include "density/choose.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "density/sample.hpp"
#include "kernad/sampling.hpp"

namespace kernad::images {
namespace {

constexpr std::size_t kFolds = 5;
constexpr std::size_t kReferences =
    16'384;  // in each fold: with more, the choice is slightly narrower and takes longer
constexpr double kTrimmed =
    0.1;  // share of the least likely images that are left out: a single odd one would decide the choice
constexpr std::size_t kQueries = 2048;  // held-out patches whose likelihood is measured, over all folds
constexpr std::array<double, 7> kWidths = {0.25, 0.5, 1, 2, 4, 8, std::numeric_limits<double>::infinity()};
constexpr double kStep = 1.25;  // between bandwidths

/// Held-out likelihood of kernels, with shared preparation done once.
class HeldOut {
 public:
  HeldOut(const PatchSet& set, const ChoiceOptions& options) : set_(set), threads_(options.threads) {
    const std::size_t folds = std::min(kFolds, set.images);
    const auto fold = folds_of(set.images, folds, options.seed);
    const std::size_t references = std::min(kReferences, options.max_patches);
    for (std::size_t f = 0; f < folds; ++f) {
      references_.push_back(sample_patches(set, references, options.seed, [&](std::size_t p) { return fold[p] != f; }));
      queries_.push_back(
          sample_rows_of(set, kQueries / folds, options.seed + 1, [&](std::size_t p) { return fold[p] == f; }));
    }
  }

  /// Mean over images, without the least likely ones, of the mean over their patches.
  [[nodiscard]] double operator()(Kernel kernel) const {
    std::vector<double> sums(set_.images);
    std::vector<double> counts(set_.images);
    for (std::size_t f = 0; f < references_.size(); ++f) {
      const ConditionalDensity density(references_[f], set_.grid, kernel, threads_, false);
      const PlacedPatches queries = patches_at(set_, queries_[f]);
      const auto surprisals = density.surprisals(queries.features, queries.positions);
      for (std::size_t i = 0; i < surprisals.size(); ++i) {
        sums[queries_[f][i] / set_.grid.size()] -= surprisals[i];
        ++counts[queries_[f][i] / set_.grid.size()];
      }
    }
    std::vector<double> means;
    for (std::size_t p = 0; p < sums.size(); ++p) {
      if (counts[p] > 0) means.push_back(sums[p] / counts[p]);
    }
    std::ranges::sort(means);
    const auto first = means.begin() + static_cast<std::ptrdiff_t>(kTrimmed * static_cast<double>(means.size()));
    return std::accumulate(first, means.end(), 0.0) / static_cast<double>(means.end() - first);
  }

 private:
  const PatchSet& set_;
  int threads_;
  std::vector<PlacedPatches> references_;
  std::vector<std::vector<std::size_t>> queries_;  // rows of the set
};

/// Climbs in whole steps from `start`, and caches values.
template <typename Function>
std::pair<int, double> climb(const Function& value, int start, int low, int high) {
  std::map<int, double> seen;
  const auto at = [&](int i) {
    if (i < low || i > high) return -std::numeric_limits<double>::infinity();
    const auto found = seen.find(i);
    return found != seen.end() ? found->second : seen[i] = value(i);
  };
  int best = start;
  while (true) {
    const int next = at(best + 1) > at(best) ? best + 1 : at(best - 1) > at(best) ? best - 1 : best;
    if (next == best) return {best, at(best)};
    best = next;
  }
}

/// Root of the features' mean variance: where the search for a bandwidth begins.
double spread(const PatchSet& set) {
  const auto n = static_cast<double>(set.features.rows());
  double sum = 0;
  for (std::size_t j = 0; j < set.features.cols(); ++j) {
    double mean = 0;
    double square = 0;
    for (std::size_t i = 0; i < set.features.rows(); ++i) {
      mean += set.features(i, j);
      square += double{set.features(i, j)} * set.features(i, j);
    }
    sum += square / n - mean / n * (mean / n);
  }
  return std::sqrt(std::max(sum, 0.0) / static_cast<double>(set.features.cols()));
}

}  // namespace

std::vector<std::size_t> folds_of(std::size_t images, std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> order(images);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t p) { return row_key(seed, p); });
  std::vector<std::size_t> fold(images);
  for (std::size_t i = 0; i < images; ++i) fold[order[i]] = i % count;
  return fold;
}

Choice choose_kernel(const PatchSet& set, const ChoiceOptions& options) {
  const double unit = spread(set);
  if (!(unit > 0)) throw InvalidInput("all images are alike: there is nothing to learn from");
  const HeldOut likelihood(set, options);
  int bandwidth_step = -4;  // start at the last width's result, since the next is near it
  std::map<int, Choice> choices;
  const auto best_at = [&](double width) {
    const auto at = [&](int step) { return likelihood({unit * std::pow(kStep, step), width}); };
    if (options.bandwidth) return Choice{{*options.bandwidth, width}, likelihood({*options.bandwidth, width})};
    const auto [step, value] = climb(at, bandwidth_step, -30, 10);
    bandwidth_step = step;
    return Choice{{unit * std::pow(kStep, step), width}, value};
  };
  if (options.width) return best_at(*options.width);
  const auto [index, value] = climb(
      [&](int i) {
        choices[i] = best_at(kWidths[static_cast<std::size_t>(i)]);
        return choices[i].log_likelihood;
      },
      3, 0, static_cast<int>(kWidths.size()) - 1);
  return choices[index];
}

}  // namespace kernad::images
