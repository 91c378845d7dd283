// Combines two densities of the same rows: the one decides under which a row has the larger surprisal among the
// training rows. docs/estimation.md has the method and its measurements.
#pragma once

#include <vector>

namespace kernad::ensemble {

/// The surprisal of a log-density among those of the training rows, each without its own kernel: -log of the share of
/// rows that are no denser. It never decreases as the density falls, and beyond the least dense row it grows linearly,
/// as in the tail of an exponential distribution. Rows within 1e-4 nats count as equally dense.
class TailRank {
 public:
  TailRank() = default;
  /// log_densities: of n training rows, finite, at least one.
  explicit TailRank(std::vector<double> log_densities);

  /// log((n + 1) / number of rows no denser), and log(n + 1) where there are none; linear between training rows.
  [[nodiscard]] double surprisal(double log_density) const;
  /// The largest log-density with that surprisal: finite, -DBL_MAX at worst.
  [[nodiscard]] double log_density(double surprisal) const;
  /// The surprisal of the densest training row, and of everything denser.
  [[nodiscard]] double min_surprisal() const { return surprisals_.front(); }
  [[nodiscard]] const std::vector<double>& log_densities() const { return log_densities_; }

 private:
  std::vector<double> log_densities_;  // descending
  std::vector<double> knots_;          // the distinct values: the last of each run of ties
  std::vector<double> surprisals_;     // of the knots, ascending
  double beyond_ = 0;                  // the surprisal just past the least dense row: log(n + 1)
  double slope_ = 1;                   // nats of log-density per unit of surprisal there
};

/// The lower of the first log-density and the one that has, under the first, the surprisal that the second log-density
/// has under the second. Finite for finite input, and never rises when either falls.
[[nodiscard]] double combine(const TailRank& first, const TailRank& second, double first_log_density,
                             double second_log_density);

}  // namespace kernad::ensemble
