// Log-densities of both classes on one axis that holds -20 and -1e60 alike.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "report.hpp"

namespace kernad::cli {

/// Bends log-densities so that what is far from the normal rows takes little room: asinh((x - centre) / spread), where
/// centre is the median of the normal rows and spread how far their middle half reaches. Monotone.
class ScoreScale {
 public:
  explicit ScoreScale(std::vector<double> normals);
  [[nodiscard]] double to(double log_density) const;
  [[nodiscard]] double from(double position) const;
  /// A log-density of few digits whose position is at most `slack` from `position`.
  [[nodiscard]] double round_near(double position, double slack) const;

 private:
  double centre_;
  double spread_;
};

using Ticks = std::vector<std::pair<double, std::string>>;  ///< where, and what stands there

struct Histogram {
  double low = 0;  ///< of the axis, as positions on the scale
  double high = 1;
  std::vector<double> normals;  ///< share of the class in each bin
  std::vector<double> anomalies;
  std::size_t clipped = 0;  ///< rows beyond the axis, counted in its outermost bins
  Ticks ticks;              ///< log-densities
};

[[nodiscard]] Histogram histogram(const TestResult& result, const ScoreScale& scale);

/// Round shares up to `highest`, as percentages, mirrored at 0.
[[nodiscard]] Ticks mirrored_percentages(double highest);

}  // namespace kernad::cli
