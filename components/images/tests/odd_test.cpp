#include "model/odd.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

namespace kernad::images {
namespace {

using Draw = std::function<double(std::mt19937&)>;

/// How many of 20,000 sets lose a value.
std::size_t sets_that_lose(std::size_t size, const Draw& draw) {
  std::mt19937 generator(5);
  std::size_t losing = 0;
  std::vector<double> set(size);
  for (int i = 0; i < 20'000; ++i) {
    for (double& value : set) value = draw(generator);
    losing += beyond_gap(set).empty() ? 0 : 1;
  }
  return losing;
}

double exponential(std::mt19937& generator) { return 40 + std::exponential_distribution<double>(3)(generator); }
double normal(std::mt19937& generator) { return std::normal_distribution<double>(35, 4)(generator); }

// 1 of 1,000 is 20 of 20,000, with a standard deviation of 4.5: 33.5 is three of them above. For more than 100 images
// the chance is shared by the places of a gap, and the bound is not reached.
TEST(OddTest, AnExponentialTailLosesAnImageInOneOfAThousandSets) {
  for (const std::size_t size : {10U, 31U, 80U, 250U}) {
    const std::size_t losing = sets_that_lose(size, exponential);
    EXPECT_LE(losing, 33U) << size;
    EXPECT_GE(losing, size > 200 ? 4U : 7U) << size;
  }
}

TEST(OddTest, ALighterTailLosesFewer) {
  for (const std::size_t size : {10U, 31U, 250U}) EXPECT_LE(sets_that_lose(size, normal), 20U) << size;
}

TEST(OddTest, WhatLiesFarBeyondIsFound) {
  std::mt19937 generator(1);
  std::vector<double> set(31);
  for (double& value : set) value = normal(generator);
  set[7] = 100;
  EXPECT_EQ(beyond_gap(set), (std::vector<std::size_t>{7}));
  set[9] = 101;  // two of 31 are a kind of their own
  EXPECT_TRUE(beyond_gap(set).empty());
  set.resize(250);
  for (std::size_t i = 10; i < 250; ++i) set[i] = normal(generator);
  EXPECT_EQ(beyond_gap(set), (std::vector<std::size_t>{9, 7}));
}

TEST(OddTest, ALowValueIsNoAnomaly) {
  std::mt19937 generator(1);
  std::vector<double> set(31);
  for (double& value : set) value = normal(generator);
  set[3] = -1000;
  EXPECT_TRUE(beyond_gap(set).empty());
}

TEST(OddTest, FewAndEqualImagesStay) {
  EXPECT_TRUE(beyond_gap({}).empty());
  EXPECT_TRUE(beyond_gap({1, 2, 3, 4, 5, 6, 7, 8, 1000}).empty()) << "nine images show no tail";
  std::vector<double> copies(20, 5.0);
  copies[4] = 6;
  EXPECT_TRUE(beyond_gap(copies).empty());
}

// With one odd value and two in the tail, the formula by hand: 1 / (1 + x / 4) / (1 + x / 3).
TEST(OddTest, ChanceIsTheFormula) {
  const std::vector<double> descending = {12, 3, 2, 1, 0};
  const double ratio = 9 / 1.5;  // mean excess over 1 of 3 and 2
  EXPECT_NEAR(chance_of_gap(descending, 1), 1 / (1 + ratio / 4) / (1 + ratio / 3), 1e-15);
}

}  // namespace
}  // namespace kernad::images
