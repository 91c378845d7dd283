// The Kolmogorov-Smirnov test for two samples, from counts alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kernad::comparison {

/// Which differences of two distribution functions count.
enum class Sides : std::uint8_t { one, two };

/// The sizes of two samples and the largest difference of their distribution functions, in units of 1 / (m n): a whole
/// number, so that neither the order of the rows nor their blocks can change a bit.
struct Distance {
  std::int64_t steps = 0;
  std::size_t m = 0;
  std::size_t n = 0;

  [[nodiscard]] double value() const {
    return static_cast<double>(steps) / (static_cast<double>(m) * static_cast<double>(n));
  }
};

/// The probability of such a distance or a larger one, if both samples are of the same continuous distribution. One
/// side: of the signed difference. Ties only make it smaller. Exact up to m n = 2^21, by the paths of a random walk
/// (Hodges 1958, "The significance probability of the Smirnov two-sample test"); beyond that by the limit (Smirnov
/// 1939), which is larger: at most twice as large where one sample has 50 values, and nearer with more.
[[nodiscard]] double p_value(const Distance& distance, Sides sides);

/// The smallest number of steps with p_value <= level, or m n + 1 if there is none.
[[nodiscard]] std::int64_t critical_steps(std::size_t m, std::size_t n, double level, Sides sides);

/// Counts new values among the sorted ones of a first sample: all that the test needs of them.
class RankCounts {
 public:
  /// known: ascending, at least one. tolerance: of each of them, or none for 0; a new value within it is a tie. Known
  /// values plus and minus their tolerance must ascend as well.
  explicit RankCounts(std::span<const double> known, std::span<const double> tolerance = {});

  void add(double value);

  [[nodiscard]] std::size_t known() const { return lower_.size(); }  ///< m
  [[nodiscard]] std::uint64_t added() const { return added_; }       ///< n

  /// The largest difference, and where: between the shares of new and of known values below a point.
  struct Largest {
    Distance distance;
    std::uint64_t new_below = 0;
    std::uint64_t known_below = 0;
  };
  /// Where more of the new values are below: they tend to be smaller.
  [[nodiscard]] Largest smaller() const;
  /// Where more of the known values are below.
  [[nodiscard]] Largest larger() const;
  /// The larger of the two.
  [[nodiscard]] Largest two_sided() const;

 private:
  std::vector<double> lower_;         // m: known - tolerance
  std::vector<double> upper_;         // m: known + tolerance
  std::vector<std::uint64_t> below_;  // m + 1: new values for which i of lower_ are at or below them
  std::vector<std::uint64_t> up_to_;  // m + 1: new values for which i of upper_ are below them
  std::uint64_t added_ = 0;
};

}  // namespace kernad::comparison
