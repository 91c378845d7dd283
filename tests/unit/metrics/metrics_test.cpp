#include "kernad/metrics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/bytes.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using Scores = std::vector<double>;
using Labels = std::vector<std::uint8_t>;

TEST(MetricsTest, ByHand) {
  // Scores 4 3 2 1 with labels 1 0 1 0: three of four pairs are ranked correctly; precision 1 at recall 1/2, 2/3 at
  // recall 1.
  const auto m = evaluate(Scores{1, 4, 3, 2}, Labels{0, 1, 0, 1});
  EXPECT_DOUBLE_EQ(m.image_AUROC, 0.75);
  EXPECT_DOUBLE_EQ(m.AUPR, 0.5 * 1 + 0.5 * 2 / 3);
  EXPECT_DOUBLE_EQ(m.F1Max, 0.8);
  EXPECT_EQ(m.F1Max_threshold, 2);
  EXPECT_DOUBLE_EQ(m.FPR_at_95TPR, 0.5);
  EXPECT_EQ(m.normal_count, 2u);
  EXPECT_EQ(m.anomalous_count, 2u);
}

TEST(MetricsTest, TiesCountHalfAndFallTogether) {
  // The group at 2 holds an anomaly and a normal row: a half for AUROC, and no threshold lies between them.
  const auto m = evaluate(Scores{3, 2, 2, 1}, Labels{1, 1, 0, 0});
  EXPECT_DOUBLE_EQ(m.image_AUROC, 3.5 / 4);
  EXPECT_DOUBLE_EQ(m.AUPR, 0.5 * 1 + 0.5 * 2 / 3);
  EXPECT_DOUBLE_EQ(m.F1Max, 0.8);
  EXPECT_EQ(m.F1Max_threshold, 2);
  EXPECT_DOUBLE_EQ(m.FPR_at_95TPR, 0.5);
}

TEST(MetricsTest, BothZerosTie) { EXPECT_DOUBLE_EQ(evaluate(Scores{0.0, -0.0}, Labels{0, 1}).image_AUROC, 0.5); }

TEST(MetricsTest, AllEqualScoresSayNothing) {
  const auto m = evaluate(Scores(10, 7.0), Labels{1, 1, 0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_DOUBLE_EQ(m.image_AUROC, 0.5);
  EXPECT_DOUBLE_EQ(m.AUPR, 0.2);
  EXPECT_DOUBLE_EQ(m.F1Max, 2 * 0.2 / 1.2);
  EXPECT_EQ(m.F1Max_threshold, 7);
  EXPECT_EQ(m.FPR_at_95TPR, 1);
}

TEST(MetricsTest, PerfectIsExact) {
  Scores scores;
  Labels labels;
  for (int i = 0; i < 1000; ++i) {
    scores.push_back(i * 0.1);
    labels.push_back(i >= 700 ? 1 : 0);
  }
  const auto m = evaluate(scores, labels);
  EXPECT_EQ(m.image_AUROC, 1);
  EXPECT_NEAR(m.AUPR, 1, 1e-14);
  EXPECT_LE(m.AUPR, 1);
  EXPECT_EQ(m.F1Max, 1);
  EXPECT_EQ(m.F1Max_threshold, scores[700]);
  EXPECT_EQ(m.FPR_at_95TPR, 0);
}

TEST(MetricsTest, Inverted) {
  const auto m = evaluate(Scores{1, 2, 3, 4}, Labels{1, 1, 0, 0});
  EXPECT_EQ(m.image_AUROC, 0);
  EXPECT_DOUBLE_EQ(m.AUPR, 0.5 * 1 / 3 + 0.5 * 2 / 4);
  EXPECT_DOUBLE_EQ(m.F1Max, 2.0 * 2 / (2 + 4));
  EXPECT_EQ(m.F1Max_threshold, 1);
  EXPECT_EQ(m.FPR_at_95TPR, 1);
}

TEST(MetricsTest, NinetyFivePercentIsDecidedExactly) {
  // With 19 of 20 anomalies above the normal rows, 0.95 is reached there; with 18 of 20 it is not.
  Scores scores;
  Labels labels;
  for (int i = 0; i < 40; ++i) {
    scores.push_back(40 - i);
    labels.push_back(i < 19 || i == 39 ? 1 : 0);
  }
  EXPECT_EQ(evaluate(scores, labels).FPR_at_95TPR, 0);
  labels[18] = 0;
  labels[38] = 1;
  EXPECT_DOUBLE_EQ(evaluate(scores, labels).FPR_at_95TPR, 1);
}

TEST(MetricsTest, OfEqualF1TheHighestThreshold) {
  // At 4: TP 1, FP 0, F1 = 2/3. At 1: TP 2, FP 2, F1 = 4/6.
  const auto m = evaluate(Scores{4, 3, 2, 1}, Labels{1, 0, 0, 1});
  EXPECT_DOUBLE_EQ(m.F1Max, 2.0 / 3);
  EXPECT_EQ(m.F1Max_threshold, 4);
}

TEST(MetricsTest, InfiniteScoresAreOrdered) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(evaluate(Scores{-inf, 0, inf}, Labels{0, 0, 1}).image_AUROC, 1);
}

/// The definitions in metrics.hpp, taken literally.
DetectionMetrics brute_force(const Scores& scores, const Labels& labels) {
  DetectionMetrics m;
  for (const auto label : labels) ++(label != 0 ? m.anomalous_count : m.normal_count);
  const auto positives = static_cast<double>(m.anomalous_count);
  const auto negatives = static_cast<double>(m.normal_count);
  m.FPR_at_95TPR = 1;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    double tp = 0, fp = 0, wins = 0;
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (scores[j] >= scores[i]) ++(labels[j] != 0 ? tp : fp);
      if (labels[j] == 0) wins += scores[i] > scores[j] ? 1 : (scores[i] == scores[j] ? 0.5 : 0);
    }
    if (labels[i] != 0) {
      m.image_AUROC += wins / positives / negatives;
      m.AUPR += tp / (tp + fp) / positives;  // tied anomalies share their recall step
    }
    const double f1 = 2 * tp / (positives + tp + fp);
    if (f1 > m.F1Max || (f1 == m.F1Max && scores[i] > m.F1Max_threshold)) {
      m.F1Max = f1;
      m.F1Max_threshold = scores[i];
    }
    if (tp >= 0.95 * positives - 1e-9) m.FPR_at_95TPR = std::min(m.FPR_at_95TPR, fp / negatives);
  }
  return m;
}

TEST(MetricsTest, AgreesWithBruteForceOnRandomDataWithTies) {
  testing::Random random(11);
  for (int round = 0; round < 200; ++round) {
    const auto rows = static_cast<std::size_t>(2 + 150 * random.uniform());
    const double levels = 1 + 60 * random.uniform();
    Scores scores(rows);
    Labels labels(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      labels[i] = random.uniform() < 0.4 ? 1 : 0;
      scores[i] = std::floor(levels * (random.uniform() + 0.3 * labels[i])) - 5;
    }
    labels[0] = 0;
    labels[1] = 1;
    const auto got = evaluate(scores, labels);
    const auto want = brute_force(scores, labels);
    SCOPED_TRACE(round);
    EXPECT_NEAR(got.image_AUROC, want.image_AUROC, 1e-12);
    EXPECT_NEAR(got.AUPR, want.AUPR, 1e-12);
    EXPECT_EQ(got.F1Max, want.F1Max);
    EXPECT_EQ(got.F1Max_threshold, want.F1Max_threshold);
    EXPECT_EQ(got.FPR_at_95TPR, want.FPR_at_95TPR);
    EXPECT_EQ(got.normal_count, want.normal_count);
    EXPECT_EQ(got.anomalous_count, want.anomalous_count);
  }
}

TEST(MetricsTest, Errors) {
  const auto message = [](const Scores& scores, const Labels& labels) {
    return testing::message_of<InvalidInput>([&] { (void)evaluate(scores, labels); });
  };
  EXPECT_EQ(message({1, 2, 3}, {0, 1}), "3 scores but 2 labels; there must be one label a row");
  EXPECT_EQ(message({1, NAN}, {0, 1}), "score of row 1 is NaN; valid: a number");
  EXPECT_EQ(message({1, 2, 3}, {0, 1, 2}), "label of row 2 is 2; valid: 0 (normal) and 1 (anomalous)");
  EXPECT_EQ(message({1, 2}, {0, 0}), "of 2 rows 0 are labelled anomalous; metrics need rows of both classes");
  EXPECT_EQ(message({1, 2}, {1, 1}), "of 2 rows 2 are labelled anomalous; metrics need rows of both classes");
  EXPECT_EQ(message({}, {}), "of 0 rows 0 are labelled anomalous; metrics need rows of both classes");
}

}  // namespace
}  // namespace kernad
