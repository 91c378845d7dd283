// Log-densities of both classes on one axis that holds both -20 and -1e60.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "report.hpp"

namespace kernad::cli {

/// Compresses log-densities so that those far from the normal rows take little room: asinh((x - centre) / spread),
/// where centre is the median of the normal rows and spread their interquartile range. Monotone.
class ScoreScale {
 public:
  explicit ScoreScale(std::vector<double> normals);
  [[nodiscard]] double to(double log_density) const;
  [[nodiscard]] double from(double position) const;
  /// A log-density with few digits whose position is at most `slack` from `position`.
  [[nodiscard]] double round_near(double position, double slack) const;

 private:
  double centre_;
  double spread_;
};

using Ticks = std::vector<std::pair<double, std::string>>;  ///< position and label

struct Histogram {
  double low = 0;  ///< start of the axis, as a position on the scale
  double high = 1;
  std::vector<double> normals;  ///< share of the class in each bin
  std::vector<double> anomalies;
  std::size_t clipped = 0;  ///< rows beyond the axis, counted in the outermost bins
  Ticks ticks;              ///< log-densities
};

[[nodiscard]] Histogram histogram(const TestResult& result, const ScoreScale& scale);

/// Round shares up to `highest`, as percentages, mirrored at 0.
[[nodiscard]] Ticks mirrored_percentages(double highest);

}  // namespace kernad::cli
