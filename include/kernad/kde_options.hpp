// How the kernels of a density get their width and shape. docs/estimation.md has the formulas and their sources.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernad/export.hpp"

namespace kernad {

/// The bandwidth factor h of the kernel covariance h^2 C: one of three rules, or a number (finite, > 0). Converts from
/// a number: `options.bandwidth = 0.5`.
class KERNAD_API Bandwidth {
 public:
  /// Where h comes from.
  enum class Rule : std::uint8_t {
    scott,      ///< scott()
    silverman,  ///< silverman()
    loo,        ///< loo()
    value,      ///< a number that was given
  };

  /// Scott's rule.
  Bandwidth() = default;
  /// The factor h itself. Throws InvalidParameter unless it is finite and > 0.
  template <typename T>
  // NOLINTNEXTLINE(google-explicit-constructor): a number is the factor
  requires std::integral<T> || std::floating_point<T> Bandwidth(T factor)
      : Bandwidth(Factor{static_cast<double>(factor)}) {}
  /// true is not a factor of 1.
  template <std::integral T>
  requires std::same_as<T, bool> Bandwidth(T)
  = delete;

  /// N^(-1/(k+4)). Source: Scott, Multivariate Density Estimation, 2nd ed., eq. 6.44.
  [[nodiscard]] static Bandwidth scott() noexcept { return Bandwidth(Rule::scott); }
  /// (N (k+2) / 4)^(-1/(k+4)). Source: Silverman 1986, eq. 4.14.
  [[nodiscard]] static Bandwidth silverman() noexcept { return Bandwidth(Rule::silverman); }
  /// `times` (finite, > 0) the h, between 2^-4 and 2^3 times Scott's, that maximises the leave-one-out likelihood of
  /// the rows. Source: Habbema, Hermans, van den Broek 1974; Duin 1976.
  [[nodiscard]] static Bandwidth loo(double times = 1);

  /// Where h comes from.
  [[nodiscard]] Rule rule() const noexcept { return rule_; }
  /// The factor for the rule value, the multiple for loo; else 0.
  [[nodiscard]] double value() const noexcept { return value_; }

  /// Whether rule and number are equal.
  friend bool operator==(const Bandwidth&, const Bandwidth&) = default;

 private:
  struct Factor {
    double value;
  };
  explicit Bandwidth(Rule rule) noexcept : rule_(rule) {}
  explicit Bandwidth(Factor factor);  // throws InvalidParameter unless finite and > 0

  Rule rule_ = Rule::scott;
  double value_ = 0;
};

/// How the kernel covariance C is made from the sample covariance S (divisor N - 1); mu is the mean variance of S.
enum class Covariance : std::uint8_t {
  full,         ///< S; directions without variance are dropped
  ledoit_wolf,  ///< (1 - a) S + a mu I with a from Ledoit and Wolf 2004: every direction is kept
  oas,          ///< the same with a from Chen, Wiesel, Eldar and Hero 2010 (OAS)
  isotropic,    ///< mu I: spherical kernels
};

/// How the kernels of a density get their width and shape. The defaults are those of anomalib's KDEClassifier.
struct KDEOptions {
  static constexpr double max_local_alpha = 4;  ///< largest local_alpha

  Bandwidth bandwidth = {};                  ///< h
  Covariance covariance = Covariance::full;  ///< C
  /// alpha in [0, max_local_alpha], for adaptive bandwidths: the kernel of row i has the bandwidth h h_i, with h_i
  /// proportional to (distance to its 5th neighbour)^alpha and of geometric mean 1; distances are in the kernel's own
  /// metric. 0: the same bandwidth for all. Takes N^2 k operations. Source: Breiman, Meisel, Purcell 1977; Abramson
  /// 1982.
  double local_alpha = 0;

  /// Whether all options are equal.
  friend bool operator==(const KDEOptions&, const KDEOptions&) = default;
};

/// "scott", "silverman", "loo", "loo*2" (twice as wide), or the shortest text that reads back as the number.
[[nodiscard]] KERNAD_API std::string to_string(const Bandwidth& bandwidth);
/// The bandwidth that such a text stands for. Throws InvalidParameter listing what is valid.
[[nodiscard]] KERNAD_API Bandwidth bandwidth(std::string_view text);

/// "full", "ledoit-wolf", "oas", "isotropic".
[[nodiscard]] KERNAD_API std::string_view to_string(Covariance covariance) noexcept;
/// The covariance of that name. Throws InvalidParameter listing what is valid.
[[nodiscard]] KERNAD_API Covariance covariance(std::string_view name);

}  // namespace kernad
