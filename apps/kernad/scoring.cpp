#include "scoring.hpp"

#include <fmt/format.h>

#include "output.hpp"

namespace kernad::cli {

std::vector<double> log_densities(const KDEClassifier& model, const Rows& rows) {
  return rows.with_all([&](const auto& features) { return model.compute_kde_scores(features, true); });
}

void TrainedOnNote::see(const Rows& rows) {
  const TrainedOn found = rows.with_all([&](const auto& all) { return model_.trained_on(all); });
  counted_.compared += found.compared;
  counted_.equal += found.equal;
}

void TrainedOnNote::add_to(std::vector<std::string>& notes, const Sources& data, std::string_view consequence) const {
  if (counted_.equal == 0) return;
  notes.push_back(fmt::format("{}: {} of {} rows that could be compared equal rows that the model was trained on; {}",
                              name_of(data), counted_.equal, counted_.compared, consequence));
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

}  // namespace kernad::cli
