#include "kernad/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "comparison/column_tests.hpp"
#include "comparison/known_columns.hpp"
#include "comparison/two_sample.hpp"
#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "model/column_shift.hpp"
#include "model/model.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad {
namespace {

using comparison::Distance;
using comparison::Sides;

int checked_threads(int threads) { return parallel::resolve_threads(parallel::checked_thread_count(threads)); }

/// See ComparisonResult::allowance: more than ten folds were seen to make, and half of a total change.
constexpr double kHeldOutAllowance = 0.5;

/// The fewest new rows that could differ significantly from m others: those that are all rarer than any of them. 0: m
/// is too small for any number.
std::size_t fewest_rows(std::size_t m, double level) {
  const auto can_differ = [&](std::size_t n) {
    return comparison::p_value({static_cast<std::int64_t>(m * n), m, n}, Sides::two) <= level;
  };
  std::size_t enough = 1;
  while (enough < 1'000'000 && !can_differ(enough)) enough *= 2;
  if (!can_differ(enough)) return 0;
  std::size_t too_few = enough / 2;
  while (enough - too_few > 1) {
    const std::size_t middle = (too_few + enough) / 2;
    (can_differ(middle) ? enough : too_few) = middle;
  }
  return enough;
}

void require_enough(std::size_t n, std::size_t m, double alpha) {
  const std::size_t fewest = fewest_rows(m, alpha / 2);
  if (fewest != 0 && n >= fewest) return;
  if (fewest == 0) {
    throw InvalidInput(fmt::format(
        "the model is calibrated on {} rows, of which no number of new rows can differ significantly at {}; calibrate "
        "on more, or choose a larger alpha",
        m, alpha));
  }
  throw InvalidInput(
      fmt::format("{} rows are too few: no difference from the {} calibration rows can be significant at {}; at least "
                  "{} are needed",
                  n, m, alpha, fewest));
}

ScoreDifference difference_of(const comparison::RankCounts::Largest& largest, const Calibration& calibration,
                              double level, Sides sides) {
  const Distance& distance = largest.distance;
  ScoreDifference difference;
  difference.distance = distance.value();
  difference.p_value = comparison::p_value(distance, sides);
  const auto known = calibration.log_densities();
  difference.share_of_rows = static_cast<double>(largest.new_below) / static_cast<double>(distance.n);
  difference.share_expected = static_cast<double>(largest.known_below) / static_cast<double>(distance.m);
  // Just below a calibration row where new rows are more, at one where they are fewer.
  const bool fewer = difference.share_of_rows < difference.share_expected;
  difference.log_density = known[largest.known_below - (fewer ? 1 : 0)];
  const Distance smallest = {comparison::critical_steps(distance.m, distance.n, level, sides), distance.m, distance.n};
  difference.smallest_distance = smallest.value();
  return difference;
}

/// The direction in which new rows differ more surely. There are two, so each one's probability is doubled.
ScoreDifference with_allowance(const comparison::RankCounts& scores, const Calibration& calibration, double level) {
  ScoreDifference rarer = difference_of(scores.smaller(), calibration, level / 2, Sides::one);
  auto larger = scores.larger();
  ScoreDifference more_usual = difference_of(larger, calibration, level / 2, Sides::one);
  const double allowed =
      kHeldOutAllowance * static_cast<double>(larger.distance.m) * static_cast<double>(larger.distance.n);
  larger.distance.steps -= static_cast<std::int64_t>(std::ceil(allowed));
  more_usual.p_value = comparison::p_value(larger.distance, Sides::one);
  more_usual.smallest_distance += kHeldOutAllowance;
  ScoreDifference& surer = more_usual.p_value < rarer.p_value ? more_usual : rarer;
  surer.p_value = std::min(1.0, 2 * surer.p_value);
  return surer;
}

}  // namespace

std::string_view to_string(ColumnTest test) noexcept {
  switch (test) {
    case ColumnTest::distributions:
      return "distributions";
    case ColumnTest::means:
      return "means";
    case ColumnTest::none:
      break;
  }
  return "none";
}

struct Comparison::Impl {
  Impl(const KDEClassifier& classifier, const model::Model& model, int threads_given)
      : scored_by(classifier),
        shift(model.shift),
        threads(checked_threads(threads_given)),
        scores(classifier.calibration().log_densities()),
        columns(comparison::known_columns(model, threads), threads) {
    scored_by.set_threads(threads_given);
  }

  template <typename T>
  void add(MatrixView<T> rows) {
    for (const double log_density : scored_by.compute_kde_scores(rows, true)) scores.add(log_density);
    columns.add(model::ShiftedRows(rows, shift, threads).view());
  }

  KDEClassifier scored_by;  // a copy, which shares the model
  std::vector<double> shift;
  int threads;
  comparison::RankCounts scores;
  comparison::ColumnTests columns;
};

Comparison::Comparison(const KDEClassifier& classifier, int threads) {
  (void)classifier.calibration();  // throws if there is none
  impl_ = std::make_unique<Impl>(classifier, *classifier.model_, threads);
}

Comparison::~Comparison() = default;
Comparison::Comparison(Comparison&&) noexcept = default;
Comparison& Comparison::operator=(Comparison&&) noexcept = default;

void Comparison::add(EmbeddingsView rows) { impl_->add(rows); }

void Comparison::add_doubles(MatrixView<double> rows) { impl_->add(rows); }

ComparisonResult Comparison::result(double alpha) const {
  if (!(alpha > 0 && alpha < 1)) {
    throw InvalidParameter(fmt::format("alpha is {}; valid: above 0 and below 1", alpha));
  }
  const Calibration& calibration = impl_->scored_by.calibration();
  const auto& scores = impl_->scores;
  ComparisonResult result;
  result.alpha = alpha;
  result.rows = scores.added();
  result.calibration_rows = calibration.size();
  result.allowance = calibration.folds() != 0 ? kHeldOutAllowance : 0;
  require_enough(result.rows, calibration.size(), alpha);
  result.two_sided = difference_of(scores.two_sided(), calibration, alpha / 2, Sides::two);
  result.scores = calibration.folds() != 0 ? with_allowance(scores, calibration, alpha / 2) : result.two_sided;
  result.column_test = impl_->columns.kind();
  result.columns = impl_->columns.results();
  double smallest = result.scores.p_value;
  for (const ColumnDifference& column : result.columns) smallest = std::min(smallest, column.adjusted_p_value);
  result.p_value = std::min(1.0, 2 * smallest);
  result.drift = result.p_value <= alpha;
  return result;
}

}  // namespace kernad
