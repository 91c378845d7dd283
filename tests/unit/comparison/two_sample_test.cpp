#include "comparison/two_sample.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "comparison/column_tests.hpp"
#include "support/data.hpp"

namespace kernad::comparison {
namespace {

/// The distribution functions at a value, by definition.
std::int64_t share(const std::vector<double>& values, double at) {
  return std::ranges::count_if(values, [&](double x) { return x <= at; });
}

struct Steps {
  std::int64_t smaller = 0;
  std::int64_t larger = 0;
};

/// The largest differences over all values of both samples.
Steps by_definition(const std::vector<double>& known, const std::vector<double>& added) {
  Steps steps;
  const auto m = std::ssize(known);
  const auto n = std::ssize(added);
  for (const auto* values : {&known, &added}) {
    for (const double x : *values) {
      const std::int64_t difference = share(added, x) * m - share(known, x) * n;
      steps.smaller = std::max(steps.smaller, difference);
      steps.larger = std::max(steps.larger, -difference);
    }
  }
  return steps;
}

RankCounts counted(std::vector<double> known, const std::vector<double>& added) {
  std::ranges::sort(known);
  RankCounts counts(known);
  for (const double x : added) counts.add(x);
  return counts;
}

TEST(TwoSampleTest, ProbabilitiesAreThoseOfAllOrders) {
  // Every order of m + n distinct values is equally probable.
  for (const auto& [m, n] : {std::pair{1, 1}, {1, 6}, {5, 2}, {4, 4}, {6, 5}}) {
    std::vector<int> order(static_cast<std::size_t>(m), 0);
    order.resize(static_cast<std::size_t>(m + n), 1);
    std::vector<Steps> all;
    do {
      std::vector<double> known;
      std::vector<double> added;
      for (std::size_t i = 0; i < order.size(); ++i) (order[i] == 0 ? known : added).push_back(static_cast<double>(i));
      all.push_back(by_definition(known, added));
    } while (std::ranges::next_permutation(order).found);
    for (std::int64_t steps = 1; steps <= m * n; ++steps) {
      const auto as_large = [&](auto value) {
        return static_cast<double>(std::ranges::count_if(all, [&](const Steps& s) { return value(s) >= steps; })) /
               static_cast<double>(all.size());
      };
      const Distance distance = {steps, static_cast<std::size_t>(m), static_cast<std::size_t>(n)};
      EXPECT_NEAR(p_value(distance, Sides::one), as_large([](const Steps& s) { return s.smaller; }), 1e-14);
      EXPECT_NEAR(p_value(distance, Sides::two), as_large([](const Steps& s) { return std::max(s.smaller, s.larger); }),
                  1e-14);
    }
  }
}

TEST(TwoSampleTest, TheLimitIsNearTheExactValueAndAbove) {
  // Of the largest sizes that are computed exactly: larger ones are nearer to it.
  for (const auto& [m, n] : {std::pair<std::size_t, std::size_t>{1448, 1448}, {40'000, 52}, {300, 6990}}) {
    for (const double z : {0.7, 1.0, 1.5, 2.0, 2.5}) {
      const double product = static_cast<double>(m) * static_cast<double>(n);
      const double d = z * std::sqrt(static_cast<double>(m + n) / product);
      for (const Sides sides : {Sides::one, Sides::two}) {
        const double exact = p_value({std::llround(d * product), m, n}, sides);
        // exp(-2 z^2) for one side; the series for both.
        double series = std::exp(-2 * z * z);
        if (sides == Sides::two) {
          series = 0;
          for (int k = 1; k < 50; ++k) series += (k % 2 == 1 ? 2 : -2) * std::exp(-2 * k * k * z * z);
        }
        EXPECT_LT(exact, series * 1.0001) << m << " " << n << " " << z;
        EXPECT_GT(exact, series * 0.5) << m << " " << n << " " << z;
      }
    }
  }
}

TEST(TwoSampleTest, SmallProbabilitiesAreAsPrecise) {
  // Only one of C(m + n, n) orders has the largest distance in one direction.
  const double orders = 47129212243960.0;  // C(50, 20)
  EXPECT_NEAR(p_value({600, 30, 20}, Sides::one) * orders, 1, 1e-9);
  EXPECT_NEAR(p_value({600, 30, 20}, Sides::two) * orders, 2, 1e-9);
  EXPECT_EQ(p_value({0, 30, 20}, Sides::one), 1);
}

TEST(TwoSampleTest, TheCriticalDistanceIsTheSmallestSignificantOne) {
  for (const Sides sides : {Sides::one, Sides::two}) {
    const std::int64_t steps = critical_steps(30, 20, 0.05, sides);
    EXPECT_LE(p_value({steps, 30, 20}, sides), 0.05);
    EXPECT_GT(p_value({steps - 1, 30, 20}, sides), 0.05);
  }
  EXPECT_EQ(critical_steps(3, 2, 0.01, Sides::two), 7);  // no order is as rare
}

TEST(RankCountsTest, DistancesAreThoseOfTheDefinition) {
  testing::Random random(5);
  for (int repeat = 0; repeat < 200; ++repeat) {
    const bool ties = repeat % 2 == 0;
    const auto draw = [&](std::size_t count, double scale) {
      std::vector<double> values(count);
      for (double& x : values) x = ties ? std::round(2 * scale * random.normal()) : scale * random.normal();
      return values;
    };
    const auto known = draw(1 + static_cast<std::size_t>(repeat) % 13, 1);
    const auto added = draw(1 + static_cast<std::size_t>(repeat) % 17, 1.5);
    const Steps want = by_definition(known, added);
    const auto got = counted(known, added);
    EXPECT_EQ(got.smaller().distance.steps, want.smaller);
    EXPECT_EQ(got.larger().distance.steps, want.larger);
    EXPECT_EQ(got.two_sided().distance.steps, std::max(want.smaller, want.larger));
    for (const auto& found : {got.smaller(), got.larger()}) {
      const auto steps = static_cast<std::int64_t>(found.new_below * known.size()) -
                         static_cast<std::int64_t>(found.known_below * added.size());
      EXPECT_EQ(std::abs(steps), found.distance.steps);
    }
  }
}

TEST(RankCountsTest, ValuesWithinTheToleranceAreTies) {
  const std::vector<double> known = {-1e-9, 1e-9, 1, 1 + 1e-9};
  const std::vector<double> tolerance(4, 1e-6);
  RankCounts counts(known, tolerance);
  for (const double x : {0.0, 0.0, 1.0, 1.0}) counts.add(x);
  EXPECT_EQ(counts.two_sided().distance.steps, 0);
  EXPECT_GT(counted({-1e-9, 1e-9, 1, 1 + 1e-9}, {0.0, 0.0, 1.0, 1.0}).two_sided().distance.steps, 0);
  for (int i = 0; i < 4; ++i) counts.add(0.5);
  EXPECT_EQ(counts.two_sided().distance.value(), 0.25);
}

TEST(HolmTest, AdjustsAsByHand) {
  // 4 * 0.01, 3 * 0.02, 2 * 0.025 is less than the one before, 1 * 0.9.
  EXPECT_EQ(holm({0.9, 0.01, 0.025, 0.02}), (std::vector{0.9, 0.04, 0.06, 0.06}));
  EXPECT_EQ(holm({0.4, 0.5}), (std::vector{0.8, 0.8}));
  EXPECT_TRUE(holm({}).empty());
}

TEST(StudentTest, TableValues) {
  EXPECT_NEAR(student_p_value(1, 1), 0.5, 1e-14);
  EXPECT_NEAR(student_p_value(-12.706204736174698, 1), 0.05, 1e-13);
  EXPECT_NEAR(student_p_value(2.7764451051977987, 4), 0.05, 1e-13);
  EXPECT_NEAR(student_p_value(3.4026, 600), 0.000711, 2e-6);
  EXPECT_NEAR(student_p_value(1.5, 1e7), std::erfc(1.5 / std::sqrt(2.0)), 1e-7);
  EXPECT_EQ(student_p_value(0, 7), 1);
  EXPECT_EQ(student_p_value(INFINITY, 7), 0);
}

}  // namespace
}  // namespace kernad::comparison
