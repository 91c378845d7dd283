#include "kernad/intervals.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernad/error.hpp"
#include "kernad/metrics.hpp"
#include "kernad/sampling.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using Scores = std::vector<double>;
using Labels = std::vector<std::uint8_t>;

struct Rows {
  Scores scores;
  Labels labels;
};

/// Scores N(0, 1) of normal rows and N(shift, 1) of anomalies, rounded to 1 / per_unit.
Rows gaussian_rows(std::size_t normals, std::size_t anomalies, double shift, double per_unit, testing::Random& random) {
  Rows rows;
  for (std::size_t i = 0; i < normals + anomalies; ++i) {
    rows.labels.push_back(i < normals ? 0 : 1);
    rows.scores.push_back(std::round(per_unit * (random.normal() + shift * rows.labels[i])) / per_unit);
  }
  return rows;
}

TEST(IntervalsTest, BootstrapAgreesWithDrawingRows) {
  testing::Random random(5);
  Rows rows = gaussian_rows(40, 25, 1, 4, random);  // quarters: with ties
  constexpr std::size_t kResamples = 101;           // so that 10 % and 90 % fall on order statistics 10 and 90
  const auto got = bootstrap_intervals(rows.scores, rows.labels, {kResamples, 0.8, 7});

  // Rows are counted from the highest score of their class.
  std::sort(rows.scores.begin(), rows.scores.begin() + 40, std::greater<>());
  std::sort(rows.scores.begin() + 40, rows.scores.end(), std::greater<>());
  std::vector<DetectionMetrics> drawn;
  for (std::size_t b = 0; b < kResamples; ++b) {
    const auto pick = [&](std::size_t number, std::size_t count) {
      return static_cast<std::size_t>((row_key(row_key(7, b), number) >> 32) * count >> 32);
    };
    Rows resample;
    for (std::size_t i = 0; i < 25; ++i) {
      resample.scores.push_back(rows.scores[40 + pick(i, 25)]);
      resample.labels.push_back(1);
    }
    for (std::size_t i = 0; i < 40; ++i) {
      resample.scores.push_back(rows.scores[pick(25 + i, 40)]);
      resample.labels.push_back(0);
    }
    drawn.push_back(evaluate(resample.scores, resample.labels));
  }
  const auto expect = [&](Interval interval, double DetectionMetrics::*metric) {
    Scores values;
    for (const auto& each : drawn) values.push_back(each.*metric);
    std::sort(values.begin(), values.end());
    EXPECT_NEAR(interval.low, values[10], 1e-12);
    EXPECT_NEAR(interval.high, values[90], 1e-12);
  };
  expect(got.image_AUROC, &DetectionMetrics::image_AUROC);
  expect(got.AUPR, &DetectionMetrics::AUPR);
  expect(got.F1Max, &DetectionMetrics::F1Max);
  expect(got.FPR_at_95TPR, &DetectionMetrics::FPR_at_95TPR);
}

// AUROC of N(1, 1) against N(0, 1) is Phi(1 / sqrt(2)). 400 draws of a 90 % interval cover it 360 times with a standard
// deviation of 6; percentile intervals of 60 + 60 rows lose some 2 % to their bias. Five deviations and those 8 draws.
TEST(IntervalsTest, BootstrapCoversTheTruth) {
  const double truth = 0.5 * std::erfc(-0.5);
  testing::Random random(6);
  int covered = 0;
  for (std::uint64_t round = 0; round < 400; ++round) {
    const Rows rows = gaussian_rows(60, 60, 1, 1e6, random);
    const auto interval = bootstrap_intervals(rows.scores, rows.labels, {200, 0.9, round}).image_AUROC;
    if (interval.low <= truth && truth <= interval.high) ++covered;
  }
  EXPECT_GE(covered, 360 - 8 - 30);
  EXPECT_LE(covered, 360 + 30);
}

TEST(IntervalsTest, BootstrapIsTheSameOnAnyNumberOfThreads) {
  testing::Random random(8);
  const Rows rows = gaussian_rows(200, 100, 1, 20, random);
  const auto run = [&](int threads) {
    return bootstrap_intervals(rows.scores, rows.labels, {.resamples = 300, .threads = threads});
  };
  const auto want = run(1);
  for (const int threads : {0, 2, 7}) {
    const auto got = run(threads);
    for (const auto interval : {&DetectionIntervals::image_AUROC, &DetectionIntervals::AUPR, &DetectionIntervals::F1Max,
                                &DetectionIntervals::FPR_at_95TPR}) {
      EXPECT_EQ((got.*interval).low, (want.*interval).low) << threads;
      EXPECT_EQ((got.*interval).high, (want.*interval).high) << threads;
    }
  }
}

TEST(IntervalsTest, BootstrapOfTheSmallestAndOfTies) {
  const auto perfect = bootstrap_intervals(Scores{0, 1}, Labels{0, 1});
  EXPECT_EQ(perfect.image_AUROC.low, 1);
  EXPECT_EQ(perfect.AUPR.low, 1);
  EXPECT_EQ(perfect.FPR_at_95TPR.high, 0);
  const auto equal = bootstrap_intervals(Scores{2, 2, 2}, Labels{0, 1, 1});
  EXPECT_EQ(equal.image_AUROC.low, 0.5);
  EXPECT_EQ(equal.image_AUROC.high, 0.5);
  EXPECT_THROW((void)bootstrap_intervals(Scores{0, 1}, Labels{0, 0}), InvalidInput);
  EXPECT_THROW((void)bootstrap_intervals(Scores{0, 1}, Labels{0, 1}, {0, 0.9, 0}), InvalidParameter);
  EXPECT_THROW((void)bootstrap_intervals(Scores{0, 1}, Labels{0, 1}, {10, 1, 0}), InvalidParameter);
  EXPECT_THROW((void)bootstrap_intervals(Scores{0, 1}, Labels{0, 1}, {.threads = -1}), InvalidParameter);
}

// With n = 9 and fpr = 0.1 the rank of one calibration row decides: 1 new row is called with probability 1/10, both of
// 2 with 1/55.
TEST(IntervalsTest, ExpectedFPRIsBetaBinomial) {
  EXPECT_EQ(expected_fpr(9, 1, 0.1, 0.78).high, 0);              // 1 - tail = 0.89 <= 0.9
  EXPECT_EQ(expected_fpr(9, 1, 0.1, 0.82).high, 1);              // 0.91
  EXPECT_EQ(expected_fpr(9, 2, 0.1, 1 - 2 * 0.0183).high, 0.5);  // 1/55 = 0.01818
  EXPECT_EQ(expected_fpr(9, 2, 0.1, 1 - 2 * 0.0181).high, 1);
  EXPECT_EQ(expected_fpr(9, 50, 0.09).high, 0) << "below 1 / (n + 1) nothing is called";
  EXPECT_EQ(expected_fpr(9, 50, 1).low, 1);
}

// Simulated: with 1,000 draws and an interval that holds at least 90 %, fewer than 900 - 5 * 9.5 inside is not chance.
TEST(IntervalsTest, ExpectedFPRHoldsInSimulation) {
  testing::Random random(8);
  const auto expected = expected_fpr(30, 40, 0.2, 0.9);
  int inside = 0;
  int equal_or_outside = 0;
  for (int round = 0; round < 1'000; ++round) {
    Scores calibration(30);
    for (auto& x : calibration) x = random.uniform();
    std::sort(calibration.begin(), calibration.end());
    int called = 0;
    for (int i = 0; i < 40; ++i) called += random.uniform() < calibration[5] ? 1 : 0;  // p <= 0.2: at most 5 below
    const double rate = called / 40.0;
    if (rate >= expected.low && rate <= expected.high) ++inside;
    if (rate <= expected.low || rate >= expected.high) ++equal_or_outside;
  }
  EXPECT_GE(inside, 900 - 48);
  EXPECT_GE(equal_or_outside, 100 - 48) << "no wider than it must be";
  EXPECT_GT(expected_fpr(100'000, 1'000'000, 0.5).low, 0.49) << "terms below double";
  EXPECT_LT(expected_fpr(100'000, 1'000'000, 0.5).high, 0.51);
  EXPECT_THROW((void)expected_fpr(0, 1, 0.5), InvalidParameter);
  EXPECT_THROW((void)expected_fpr(1, 1, 2), InvalidParameter);
  EXPECT_THROW((void)expected_fpr(1, 1, 0.5, 0), InvalidParameter);
}

}  // namespace
}  // namespace kernad
