#include "scoring.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "output.hpp"
#include "progress.hpp"

namespace kernad::cli {
namespace {

/// Large enough that all threads are busy for most of a block.
constexpr std::size_t kBlockRows = 16'384;

}  // namespace

std::vector<double> log_densities(const KDEClassifier& model, const Rows& rows) {
  const auto score = [&](const auto& block) { return model.compute_kde_scores(block, true); };
  const std::size_t all = rows.features.rows();
  if (rows.rest.empty() && (all <= kBlockRows || !Progress::visible())) return score(rows.features.view());
  std::vector<double> scores;
  scores.reserve(all);
  Progress progress("scoring", all);
  while (scores.size() < all) {
    const auto block = rows.with(scores.size(), std::min(kBlockRows, all - scores.size()), score);
    scores.insert(scores.end(), block.begin(), block.end());
    progress.advance(block.size());
  }
  return scores;
}

void print_outside_note(const KDEClassifier& model, const Rows& rows, const Sources& data) {
  if (model.is_calibrated()) return;
  const auto distances = rows.with_all([&](const auto& all) { return model.outside(all); });
  const auto outside = std::ranges::count_if(distances, [](double distance) { return distance > 0; });
  if (outside == 0) return;
  const auto first = std::ranges::find_if(distances, [](double distance) { return distance > 0; });
  print_error(fmt::format(
      "note: {}: {} of {} rows lie outside the subspace that holds all training rows, the first is row {}; this "
      "density does not see it, a calibrated model does (see kernad explain, kernad calibrate)",
      name_of(data), outside, distances.size(), rows.name(static_cast<std::size_t>(first - distances.begin()))));
}

}  // namespace kernad::cli
