#include "scoring.hpp"

#include <algorithm>

#include "progress.hpp"

namespace kernad::cli {
namespace {

/// Large enough that all threads are busy for most of a block.
constexpr std::size_t kBlockRows = 16'384;

}  // namespace

std::vector<double> log_densities(const KDEClassifier& model, EmbeddingsView features) {
  if (features.rows() <= kBlockRows || !Progress::visible()) return model.compute_kde_scores(features, true);
  std::vector<double> scores;
  scores.reserve(features.rows());
  Progress progress("scoring", features.rows());
  while (scores.size() < features.rows()) {
    const std::size_t count = std::min(kBlockRows, features.rows() - scores.size());
    const auto block = model.compute_kde_scores(features.middle_rows(scores.size(), count), true);
    scores.insert(scores.end(), block.begin(), block.end());
    progress.advance(block.size());
  }
  return scores;
}

}  // namespace kernad::cli
