// Log-densities of both classes on one axis that holds -20 and -1e60 alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kernad::cli {

/// Bends log-densities so that what is far from the normal rows takes little room: asinh((x - centre) / spread), where
/// centre is the median of the normal rows and spread how far their middle half reaches. Monotone.
class ScoreScale {
 public:
  explicit ScoreScale(std::vector<double> normals);
  [[nodiscard]] double to(double log_density) const;
  [[nodiscard]] double from(double position) const;

 private:
  double centre_;
  double spread_;
};

struct Histogram {
  double low = 0;  ///< of the axis, as positions on the scale
  double high = 1;
  std::vector<double> normals;  ///< share of the class in each bin
  std::vector<double> anomalies;
  std::size_t clipped = 0;                            ///< rows beyond the axis, counted in its outermost bins
  std::vector<std::pair<double, std::string>> ticks;  ///< positions, and the log-density there
};

/// labels: 0 normal, 1 anomalous, one a score; both occur.
[[nodiscard]] Histogram histogram(std::span<const double> log_densities, std::span<const std::uint8_t> labels,
                                  const ScoreScale& scale);

}  // namespace kernad::cli
