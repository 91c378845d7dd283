// How the density's kernels get their width and shape. The formulas and their sources: docs/estimation.md.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernad/export.hpp"

namespace kernad {

/// The bandwidth factor h, by which the kernel covariance is h^2 C: one of three rules, or a number (finite, > 0).
/// Converts from a number: `options.bandwidth = 0.5`.
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
  /// `times` (finite, > 0) the h, within 2^-4 to 2^3 times Scott's, under which each row is most likely by the kernels
  /// of the others. Source: Habbema, Hermans, van den Broek 1974; Duin 1976.
  [[nodiscard]] static Bandwidth loo(double times = 1);

  /// Where h comes from.
  [[nodiscard]] Rule rule() const noexcept { return rule_; }
  /// Of the rule value the factor, of loo what its h is multiplied by; else 0.
  [[nodiscard]] double value() const noexcept { return value_; }

  /// The same rule and the same number.
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

/// What the kernel covariance C is made of the sample covariance S (divisor N - 1), mu its mean variance.
enum class Covariance : std::uint8_t {
  full,         ///< S; directions without variance are dropped
  ledoit_wolf,  ///< (1 - a) S + a mu I with a by Ledoit and Wolf 2004: every direction is kept
  oas,          ///< the same with a by Chen, Wiesel, Eldar and Hero 2010 (OAS)
  isotropic,    ///< mu I: spherical kernels
};

/// How the kernels of a density get their width and shape; the default is the reference's.
struct KDEOptions {
  static constexpr double max_local_alpha = 4;  ///< largest local_alpha

  Bandwidth bandwidth = {};                  ///< h
  Covariance covariance = Covariance::full;  ///< C
  /// alpha in [0, max_local_alpha]: row i's kernel is h h_i wide, with h_i proportional to (distance to its 5th
  /// neighbour)^alpha and of geometric mean 1; distances are in the kernel's own metric. 0: all kernels alike. Takes
  /// N^2 k operations. Source: Breiman, Meisel, Purcell 1977; Abramson 1982.
  double local_alpha = 0;

  /// All options alike.
  friend bool operator==(const KDEOptions&, const KDEOptions&) = default;
};

/// "scott", "silverman", "loo", "loo*2" (twice as wide), or the shortest text of the number.
[[nodiscard]] KERNAD_API std::string to_string(const Bandwidth& bandwidth);
/// The bandwidth of such a text. Throws InvalidParameter listing what is valid.
[[nodiscard]] KERNAD_API Bandwidth bandwidth(std::string_view text);

/// "full", "ledoit-wolf", "oas", "isotropic".
[[nodiscard]] KERNAD_API std::string_view to_string(Covariance covariance) noexcept;
/// The covariance of that name. Throws InvalidParameter listing what is valid.
[[nodiscard]] KERNAD_API Covariance covariance(std::string_view name);

}  // namespace kernad
