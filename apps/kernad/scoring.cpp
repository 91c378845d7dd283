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

void OutsideNote::see(const Rows& rows) {
  if (model_.is_calibrated()) return;
  const auto distances = rows.with_all([&](const auto& all) { return model_.outside(all); });
  seen_ += distances.size();
  for (std::size_t i = 0; i < distances.size(); ++i) {
    if (distances[i] > 0 && outside_++ == 0) first_ = rows.name(i);
  }
}

void OutsideNote::print() const {
  if (outside_ == 0) return;
  print_error(fmt::format(
      "note: {}: {} of {} rows lie outside the subspace that holds all training rows, the first is row {}; this "
      "density does not see it, a calibrated model does (see kernad explain, kernad calibrate)",
      name_of(data_), outside_, seen_, first_));
}

void print_outside_note(const KDEClassifier& model, const Rows& rows, const Sources& data) {
  OutsideNote note(model, data);
  note.see(rows);
  note.print();
}

}  // namespace kernad::cli
