// Two densities of the same rows as one: what decides is how rare a row is among the training rows, by either. The
// recipe and what it measured: docs/estimation.md.
#pragma once

#include <vector>

namespace kernad::ensemble {

/// How rare a log-density is among those of the training rows, each without its own kernel: -log of the share of rows
/// that are no denser. It never falls as the density does, and past the least dense row it grows linearly, as it would
/// in the tail of an exponential distribution. Rows within 1e-4 nats are equally dense.
class TailRank {
 public:
  TailRank() = default;
  /// log_densities: of n training rows, finite, at least one.
  explicit TailRank(std::vector<double> log_densities);

  /// log((n + 1) / rows no denser), 0 of n + 1 and log(n + 1) of none; linear between training rows.
  [[nodiscard]] double surprisal(double log_density) const;
  /// The largest log-density that is so rare: finite, -DBL_MAX at worst.
  [[nodiscard]] double log_density(double surprisal) const;
  /// The surprisal of the densest training row, and of all that is denser.
  [[nodiscard]] double min_surprisal() const { return surprisals_.front(); }
  [[nodiscard]] const std::vector<double>& log_densities() const { return log_densities_; }

 private:
  std::vector<double> log_densities_;  // descending
  std::vector<double> knots_;          // the distinct ones: the last of each run of equals
  std::vector<double> surprisals_;     // of the knots, ascending
  double beyond_ = 0;                  // the surprisal just past the least dense row: log(n + 1)
  double slope_ = 1;                   // nats that one of surprisal takes there
};

/// The lower of the first log-density and of that which is as rare, in the first, as the second is in its own: finite
/// for finite ones, and it never rises as either falls.
[[nodiscard]] double combine(const TailRank& first, const TailRank& second, double first_log_density,
                             double second_log_density);

}  // namespace kernad::ensemble
