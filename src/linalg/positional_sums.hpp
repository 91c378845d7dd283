// Sums that are exact, and therefore the same bits in whatever order their terms come.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kernad::linalg {

/// `count` sums, each as digits of base 2^24: a digit at position p counts 2^(24 p). Terms are integers at a position.
/// Positions take memory once a term is added there: 8 bytes a sum.
class PositionalSums {
 public:
  static constexpr int kBits = 24;     ///< of a digit
  static constexpr int kLowest = -14;  ///< position
  static constexpr int kHighest = 16;  ///< position
  static constexpr std::size_t kPositions = kHighest - kLowest + 1;
  /// The digits of one sum, from kLowest on.
  using Digits = std::array<std::int64_t, kPositions>;

  explicit PositionalSums(std::size_t count = 0) : count_(count) {}

  /// Adds integers of at most 2^53 to n sums from `begin` on. Between two calls of carry() at most 512 may be added to
  /// a sum at one position.
  void add(int position, std::size_t begin, const double* integers, std::size_t n);
  /// Adds other sums, as many, sign (1 or -1) times. Both carried.
  void add(const PositionalSums& other, int sign);
  /// Brings each digit into [-2^23, 2^23), the form that a value has once: equal values are then equal bits.
  void carry();

  [[nodiscard]] std::size_t count() const { return count_; }
  /// Digits of all sums at a position; empty where all are 0.
  [[nodiscard]] const std::vector<std::int64_t>& at(int position) const { return digits_[index(position)]; }
  /// Sets them. digits: count() of them, or none.
  void set(int position, std::vector<std::int64_t> digits) { digits_[index(position)] = std::move(digits); }
  /// Those of sum i.
  [[nodiscard]] Digits digits(std::size_t i) const;

 private:
  static std::size_t index(int position) { return static_cast<std::size_t>(position - kLowest); }

  std::size_t count_;
  std::array<std::vector<std::int64_t>, kPositions> digits_;
};

/// The value, carried first, rounded a few times at its last bit.
[[nodiscard]] double to_double(PositionalSums::Digits digits);

/// n a - b c, exactly. n: below 2^62. The digits of all are carried, and those of b and c at positions from -7 to 8.
[[nodiscard]] PositionalSums::Digits multiply_subtract(std::uint64_t n, const PositionalSums::Digits& a,
                                                       const PositionalSums::Digits& b,
                                                       const PositionalSums::Digits& c);

}  // namespace kernad::linalg
