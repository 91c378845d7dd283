// Compares new rows with what a model remembers of its training rows, column by column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "comparison/known_columns.hpp"
#include "comparison/two_sample.hpp"
#include "kernad/comparison.hpp"
#include "kernad/matrix.hpp"

namespace kernad::comparison {

/// Two-sided, of Student's distribution.
[[nodiscard]] double student_p_value(double t, double degrees);

/// The smallest level at which each hypothesis is rejected, if the probability of a false rejection of any shall be at
/// most that (Holm 1979).
[[nodiscard]] std::vector<double> holm(const std::vector<double>& p_values);

/// Sums of whole numbers, which the order of the rows cannot change.
class Moments {
 public:
  /// x: in standard deviations; beyond 65,536 it counts as that.
  void add(double x);
  [[nodiscard]] double mean() const;
  /// Estimated from the values added, two at least.
  [[nodiscard]] double variance() const;
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  __extension__ using Sum = __int128;
  std::uint64_t count_ = 0;
  Sum sum_ = 0;      // in units of 2^-30
  Sum squares_ = 0;  // in units of 2^-60
};

class ColumnTests {
 public:
  ColumnTests(KnownColumns known, int threads);

  [[nodiscard]] ColumnTest kind() const { return kind_; }
  /// rows: finite, shifted as the model's.
  void add(EmbeddingsView rows);
  /// One result a column; none where the kind is none, or there are too few rows for the test.
  [[nodiscard]] std::vector<ColumnDifference> results() const;

 private:
  [[nodiscard]] ColumnDifference result(std::size_t column) const;

  KnownColumns known_;
  int threads_;
  ColumnTest kind_;
  std::vector<std::optional<RankCounts>> counts_;  // D; none where values are not known
  std::vector<Moments> moments_;                   // D
};

}  // namespace kernad::comparison
