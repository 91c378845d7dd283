#include "kernad/curves.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernad/error.hpp"
#include "kernad/metrics.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using Scores = std::vector<double>;
using Labels = std::vector<std::uint8_t>;

/// `levels` distinct scores or fewer, so with ties.
std::pair<Scores, Labels> scored_rows(std::size_t rows, double levels, std::uint64_t seed) {
  testing::Random random(seed);
  Scores scores(rows);
  Labels labels(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    labels[i] = i < 2 ? static_cast<std::uint8_t>(i) : (random.uniform() < 0.3 ? 1 : 0);
    scores[i] = std::floor(levels * (random.uniform() + 0.4 * labels[i]));
  }
  return {scores, labels};
}

TEST(CurvesTest, PointsAreTheConfusionsAtEachThreshold) {
  for (std::uint64_t round = 0; round < 30; ++round) {
    const auto [scores, labels] = scored_rows(2 + 5 * round, 1 + static_cast<double>(2 * round), round);
    const auto points = operating_points(scores, labels);
    auto distinct = scores;
    std::sort(distinct.begin(), distinct.end(), std::greater<>());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    ASSERT_EQ(points.size(), distinct.size() + 1);
    EXPECT_EQ(points[0].FPR, 0);
    EXPECT_EQ(points[0].TPR, 0);
    EXPECT_EQ(points[0].precision, 1);
    for (std::size_t i = 0; i < distinct.size(); ++i) {
      Labels called(scores.size());
      std::transform(scores.begin(), scores.end(), called.begin(), [&](double s) { return s >= distinct[i] ? 1 : 0; });
      const auto want = confusion_matrix(called, labels);
      EXPECT_EQ(points[i + 1].threshold, distinct[i]);
      EXPECT_EQ(points[i + 1].FPR, want.FPR());
      EXPECT_EQ(points[i + 1].TPR, want.TPR());
      EXPECT_EQ(points[i + 1].precision, want.precision());
    }
  }
}

TEST(CurvesTest, TheAreasAreTheMetrics) {
  const auto [scores, labels] = scored_rows(500, 60, 3);
  const auto points = operating_points(scores, labels);
  double roc = 0;
  double precision_recall = 0;
  for (std::size_t i = 1; i < points.size(); ++i) {
    roc += (points[i].FPR - points[i - 1].FPR) * (points[i].TPR + points[i - 1].TPR) / 2;
    precision_recall += (points[i].TPR - points[i - 1].TPR) * points[i].precision;
  }
  const auto want = evaluate(scores, labels);
  EXPECT_NEAR(roc, want.image_AUROC, 1e-12);  // 60 sums of numbers below 1
  EXPECT_NEAR(precision_recall, want.AUPR, 1e-12);
}

TEST(CurvesTest, ThinningKeepsTheShape) {
  const auto [scores, labels] = scored_rows(20'000, 1e9, 4);
  const auto points = operating_points(scores, labels);
  const auto kept = thinned(points, 0.01);
  // FPR and TPR rise by at most 1 each, so 200 steps; precision settles like 1 / rows, some ln(20,000) / 0.01 more.
  EXPECT_LT(kept.size(), 1'200U);
  EXPECT_EQ(kept.front().TPR, 0);
  EXPECT_EQ(kept.back().TPR, 1);
  std::size_t at = 0;
  for (const auto& point : points) {
    if (at + 1 < kept.size() && point.threshold == kept[at + 1].threshold) ++at;
    ASSERT_LE(std::abs(point.FPR - kept[at].FPR), 0.01);
    ASSERT_LE(std::abs(point.TPR - kept[at].TPR), 0.01);
    ASSERT_LE(std::abs(point.precision - kept[at].precision), 0.01);
  }
  EXPECT_EQ(at + 1, kept.size());
  EXPECT_TRUE(thinned({}, 0.1).empty());
  EXPECT_THROW((void)thinned(points, NAN), InvalidParameter);
  EXPECT_THROW((void)thinned(points, -1), InvalidParameter);
}

TEST(CurvesTest, CalibrationCurveCountsNormalsBelowEachRate) {
  const Calibration calibration({1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Scores normals = {0, 1.5, 5.5, 10};  // p-values 0.1, 0.2, 0.6, 1
  const Scores rates = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};
  const auto curve = calibration_curve(calibration, normals, rates);
  const Scores want = {0.25, 0.5, 0.5, 0.5, 0.5, 0.75, 0.75, 0.75, 0.75, 1};
  ASSERT_EQ(curve.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(curve[i].nominal, rates[i]);
    EXPECT_EQ(curve[i].observed, want[i]) << i;
  }
  EXPECT_THROW((void)calibration_curve(calibration, {}, rates), InvalidInput);
  EXPECT_THROW((void)calibration_curve(calibration, normals, Scores{1.1}), InvalidParameter);
}

}  // namespace
}  // namespace kernad
