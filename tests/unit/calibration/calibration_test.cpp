#include "kernad/calibration.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <string>

#include "calibration/folds.hpp"
#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "kernad/metrics.hpp"
#include "kernad/sampling.hpp"
#include "support/clusters.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using testing::correlated;
using testing::Random;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// What is thrown, as text.
template <typename Exception>
std::string message(const auto& action) {
  try {
    action();
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing thrown";
}

/// n whole numbers, so that many are tied.
std::vector<double> tied(std::size_t n, std::uint64_t seed) {
  Random random(seed << 32);
  std::vector<double> values(n);
  for (double& x : values) x = std::floor(random.uniform() * 12) - 40;
  return values;
}

TEST(CalibrationTest, PValuesAreTheRanksOfBruteForce) {
  const auto held_out = tied(57, 1);
  const Calibration calibration(held_out);
  const auto queries = tied(200, 2);
  const auto p = calibration.p_values(queries);
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const auto below = std::count_if(held_out.begin(), held_out.end(), [&](double c) { return c <= queries[i]; });
    EXPECT_EQ(p[i], (1 + static_cast<double>(below)) / 58) << queries[i];
  }
  EXPECT_EQ(calibration.p_values(std::vector<double>{-kInfinity, kInfinity}), (std::vector<double>{1.0 / 58, 1}));
  EXPECT_EQ(calibration.smallest_fpr(), 1.0 / 58);
  EXPECT_TRUE(std::ranges::is_sorted(calibration.log_densities()));
}

TEST(CalibrationTest, RefitsFollowPruning) {
  // Far from all clusters but one, leaves that cannot matter are left out, which changes the last bits.
  const auto rows = testing::clustered(6000, 8, 30, 40, 1);
  const auto calibrated = [&](bool pruning) {
    KDEClassifier classifier({.n_pca_components = 8});
    classifier.set_pruning(pruning);
    EXPECT_TRUE(classifier.fit(rows));
    classifier.calibrate(rows, 2);
    const auto scores = classifier.calibration().log_densities();
    return std::vector<double>(scores.begin(), scores.end());
  };
  const auto by_hand = [&](bool pruning) {
    const auto fold_of = calibration::deal_into_folds(rows.rows(), 2, 0);
    std::vector<double> all;
    for (std::size_t fold = 0; fold < 2; ++fold) {
      std::vector<float> held_out;
      std::vector<float> others;
      for (std::size_t i = 0; i < rows.rows(); ++i) {
        auto& part = fold_of[i] == fold ? held_out : others;
        part.insert(part.end(), rows.row(i).begin(), rows.row(i).end());
      }
      KDEClassifier classifier({.n_pca_components = 8});
      classifier.set_pruning(pruning);
      EXPECT_TRUE(classifier.fit(EmbeddingsView(others.data(), others.size() / 8, 8)));
      const auto scores = classifier.compute_kde_scores(EmbeddingsView(held_out.data(), held_out.size() / 8, 8), true);
      all.insert(all.end(), scores.begin(), scores.end());
    }
    std::sort(all.begin(), all.end());
    return all;
  };
  EXPECT_NE(by_hand(true), by_hand(false)) << "these rows do not tell the two apart";
  EXPECT_EQ(calibrated(true), by_hand(true));
  EXPECT_EQ(calibrated(false), by_hand(false));
}

TEST(CalibrationTest, ThresholdAndPValueAreTheSameDecisionAtEveryRate) {
  // Rates at which a p-value steps, and their neighbours to the last bit, where a rounded product would be a step off.
  for (const std::size_t n : {1U, 2U, 19U, 99U, 100U, 998U}) {
    const Calibration calibration(tied(n, n));
    auto queries = tied(60, 7);
    for (const double c : calibration.log_densities()) {
      queries.insert(queries.end(), {c, std::nextafter(c, -kInfinity), std::nextafter(c, kInfinity)});
    }
    const auto p = calibration.p_values(queries);
    for (std::size_t step = 1; step <= n; ++step) {
      const double rate = static_cast<double>(step) / static_cast<double>(n + 1);
      for (const double fpr : {std::nextafter(rate, 0.0), rate, std::nextafter(rate, 1.0)}) {
        if (fpr < calibration.smallest_fpr()) continue;
        const auto labels = Threshold::at_target_fpr(fpr, calibration).labels(queries);
        for (std::size_t i = 0; i < p.size(); ++i) ASSERT_EQ(labels[i] == 1, p[i] <= fpr) << n << ' ' << fpr;
      }
    }
  }
}

TEST(CalibrationTest, TooFewRowsForTheRateSayWhatCanBePromised) {
  const Calibration calibration(tied(20, 3));
  EXPECT_EQ(message<InvalidParameter>([&] { (void)calibration.threshold(0.01); }),
            "a false-positive rate of 0.01 cannot be promised from 20 calibration rows; the smallest is 1/21 = 0.0476; "
            "give more normal rows or ask for that");
  EXPECT_NO_THROW((void)calibration.threshold(1.0 / 21));
  for (const double bad : {0.0, 1.0, -0.1, 1.5, std::nan("")}) {
    EXPECT_NE(message<InvalidParameter>([&] { (void)calibration.threshold(bad); }).find("above 0 and below 1"),
              std::string::npos)
        << bad;
  }
}

TEST(CalibrationTest, RefusesWhatIsNoLogDensity) {
  EXPECT_THROW(Calibration({}), InvalidInput);
  for (const double bad : {std::nan(""), kInfinity, -kInfinity, std::numeric_limits<double>::lowest()}) {
    EXPECT_NE(message<InvalidInput>([&] { Calibration({1, bad}); }).find("log-density 1 is"), std::string::npos) << bad;
  }
  const Calibration calibration({1, 2});
  EXPECT_EQ(message<InvalidInput>([&] {
              (void)calibration.p_values(std::vector<double>{0, std::nan("")});
            }),
            "log-density 1 is NaN; valid: a number");
}

TEST(ThresholdTest, AtOrBelowIsAnomalous) {
  const auto threshold = Threshold::at_log_density(-3);
  EXPECT_EQ(threshold.labels(std::vector<double>{-3, std::nextafter(-3, 0), -4, -kInfinity, kInfinity}),
            (std::vector<std::uint8_t>{1, 0, 1, 1, 0}));
  EXPECT_THROW((void)threshold.labels(std::vector<double>{std::nan("")}), InvalidInput);
  // The score is 0.5 and more exactly where the label is 1, also one step beside the threshold.
  const auto scores = threshold.scores(std::vector<double>{-3, std::nextafter(-3, 0), -23, 17, -kInfinity, kInfinity});
  EXPECT_EQ(scores[0], 0.5);
  EXPECT_LT(scores[1], 0.5);
  EXPECT_DOUBLE_EQ(scores[2], 1 / (1 + std::exp(-1)));  // 20 nats at 0.05 a nat
  EXPECT_DOUBLE_EQ(scores[3], 1 / (1 + std::exp(1)));
  EXPECT_EQ(scores[4], 1);
  EXPECT_EQ(scores[5], 0);
  EXPECT_THROW((void)threshold.scores(std::vector<double>{std::nan("")}), InvalidInput);
  EXPECT_THROW((void)Threshold::at_log_density(kInfinity), InvalidParameter);
}

TEST(ThresholdTest, AProbabilityIsTheLogDensityThatHasIt) {
  for (const double p : {1e-9, 0.014, 0.5, 0.75, 0.999}) {
    const double at = Threshold::at_probability(p).log_density;
    // The sigmoid's relative slope is below 0.05 a nat; `at` is a sum of two numbers below 500, each good to an ulp.
    EXPECT_NEAR(KDEClassifier::compute_probabilities(std::vector<double>{at})[0] / p, 1, 0.05 * 2e-13 + 1e-15) << p;
  }
  EXPECT_EQ(Threshold::at_probability(0.5).log_density, 12);
  for (const double bad : {0.0, 1.0, -1.0, std::nan("")}) {
    EXPECT_THROW((void)Threshold::at_probability(bad), InvalidParameter);
  }
}

TEST(ThresholdTest, LargestF1IsThatOfEveryThreshold) {
  const auto scores = tied(80, 4);
  std::vector<std::uint8_t> labels(scores.size());
  Random random(9);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = random.uniform() * 12 > scores[i] + 40;
  const auto best = Threshold::at_largest_f1(scores, labels);
  const double f1 = confusion_matrix(best.labels(scores), labels).F1();
  for (const double candidate : scores) {
    const auto called = Threshold::at_log_density(candidate).labels(scores);
    EXPECT_LE(confusion_matrix(called, labels).F1(), f1) << candidate;
  }
  EXPECT_EQ(best.rule, ThresholdRule::f1_max);
  EXPECT_EQ(best.value, best.log_density);
}

TEST(BenjaminiHochbergTest, IsTheLargestNumberThatItsRuleAllows) {
  Random random(11);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> p(30);
    for (double& x : p) x = std::ceil(std::pow(random.uniform(), trial % 2 == 0 ? 3 : 1) * 50) / 50;  // with ties
    const double fdr = 0.02 + 0.3 * random.uniform();
    double largest = 0;  // the largest p-value that at least p m / fdr of the m are not above
    for (const double x : p) {
      const auto rank = std::count_if(p.begin(), p.end(), [&](double other) { return other <= x; });
      if (x <= fdr * static_cast<double>(rank) / 30) largest = std::max(largest, x);
    }
    const auto called = benjamini_hochberg(p, fdr);
    for (std::size_t i = 0; i < p.size(); ++i) ASSERT_EQ(called[i] == 1, p[i] <= largest) << trial;
  }
  EXPECT_TRUE(benjamini_hochberg({}, 0.1).empty());
  EXPECT_EQ(benjamini_hochberg(std::vector<double>{0.04, 0.04, 1}, 0.06), (std::vector<std::uint8_t>{1, 1, 0}));
  EXPECT_THROW((void)benjamini_hochberg(std::vector<double>{0.5}, 0), InvalidParameter);
  EXPECT_THROW((void)benjamini_hochberg(std::vector<double>{0.5}, 1), InvalidParameter);
  for (const double bad : {-0.1, 1.1, std::nan("")}) {
    EXPECT_THROW((void)benjamini_hochberg(std::vector<double>{bad}, 0.1), InvalidInput);
  }
}

TEST(ConfusionTest, CountsAndRates) {
  const std::vector<std::uint8_t> called = {1, 1, 1, 0, 0, 0, 0};
  const std::vector<std::uint8_t> labels = {1, 1, 0, 1, 0, 0, 0};
  const auto c = confusion_matrix(called, labels);
  EXPECT_EQ(c.true_positives, 2U);
  EXPECT_EQ(c.false_positives, 1U);
  EXPECT_EQ(c.false_negatives, 1U);
  EXPECT_EQ(c.true_negatives, 3U);
  EXPECT_EQ(c.FPR(), 0.25);
  EXPECT_EQ(c.TPR(), 2.0 / 3);
  EXPECT_EQ(c.precision(), 2.0 / 3);
  EXPECT_EQ(c.F1(), 2.0 / 3);
  EXPECT_EQ(confusion_matrix({}, {}).F1(), 0);
  EXPECT_THROW((void)confusion_matrix(called, std::vector<std::uint8_t>{1}), InvalidInput);
  EXPECT_THROW((void)confusion_matrix(std::vector<std::uint8_t>{2}, std::vector<std::uint8_t>{1}), InvalidInput);
}

TEST(FoldsTest, AreEvenAndThoseOfEveryMachine) {
  // Fixed values: a calibration made elsewhere must hold out the same rows.
  EXPECT_EQ(calibration::deal_into_folds(8, 3, 0), (std::vector<std::size_t>{0, 0, 0, 2, 1, 1, 2, 1}));
  EXPECT_NE(calibration::deal_into_folds(50, 5, 1), calibration::deal_into_folds(50, 5, 2));
  std::vector<int> sizes(7);
  for (const std::size_t fold : calibration::deal_into_folds(100, 7, 5)) ++sizes[fold];
  EXPECT_EQ(std::accumulate(sizes.begin(), sizes.end(), 0), 100);
  for (const int size : sizes) EXPECT_TRUE(size == 14 || size == 15) << size;
}

/// The rows of `from` for which `wanted` is true.
Embeddings rows_where(EmbeddingsView from, const auto& wanted) {
  std::vector<float> values;
  for (std::size_t i = 0; i < from.rows(); ++i) {
    if (wanted(i)) values.insert(values.end(), from.row(i).begin(), from.row(i).end());
  }
  const std::size_t rows = values.size() / from.cols();
  return {std::move(values), rows, from.cols()};
}

/// In the order of the rows.
std::vector<double> held_out_by_hand(EmbeddingsView rows, std::size_t folds, const KDEClassifierOptions& options) {
  const auto fold_of = calibration::deal_into_folds(rows.rows(), folds, options.seed);
  std::vector<double> all(rows.rows());
  for (std::size_t fold = 0; fold < folds; ++fold) {
    KDEClassifier classifier(options);
    EXPECT_TRUE(classifier.fit(rows_where(rows, [&](std::size_t i) { return fold_of[i] != fold; })));
    const auto held_out =
        classifier.compute_kde_scores(rows_where(rows, [&](std::size_t i) { return fold_of[i] == fold; }), true);
    for (std::size_t i = 0, next = 0; i < rows.rows(); ++i) {
      if (fold_of[i] == fold) all[i] = held_out[next++];
    }
  }
  return all;
}

std::vector<double> sorted(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values;
}

std::vector<double> honest(const KDEClassifier& classifier) {
  const auto scores = classifier.calibration().log_densities();
  return {scores.begin(), scores.end()};
}

// Where components are left out, the residual judges as well: tests/unit/model/residual_judge_test.cpp. Here all are
// kept.
TEST(CrossConformalTest, EachRowIsScoredByAFitOnTheOtherFolds) {
  const auto rows = correlated(60, 4, 0.8, 1, 4);
  for (const auto method : {FeatureScalingMethod::scale, FeatureScalingMethod::norm}) {
    const KDEClassifierOptions options = {.n_pca_components = 4, .feature_scaling_method = method, .seed = 3};
    KDEClassifier classifier(options);
    ASSERT_TRUE(classifier.fit(rows));
    const auto held_out = classifier.calibrate(rows, 7);
    EXPECT_EQ(held_out, held_out_by_hand(rows, 7, options));
    EXPECT_EQ(honest(classifier), sorted(held_out));
    EXPECT_EQ(classifier.calibration().folds(), 7U);
  }
}

TEST(CrossConformalTest, TheSameBitsForAnyNumberOfThreads) {
  const auto rows = correlated(300, 20, 0.9, 1, 5);
  std::set<std::vector<double>> results;
  for (const int threads : {1, 2, 5}) {
    KDEClassifier classifier({.n_pca_components = 8});
    classifier.set_threads(threads);
    ASSERT_TRUE(classifier.fit(rows));
    classifier.calibrate(rows);
    results.insert(honest(classifier));
  }
  EXPECT_EQ(results.size(), 1U);
}

TEST(CrossConformalTest, OnlyTheRowsOfTheFitAreUsed) {
  const auto rows = correlated(80, 3, 0.8, 0, 6);
  const KDEClassifierOptions options = {.n_pca_components = 3, .max_training_points = 40, .seed = 2};
  KDEClassifier classifier(options);
  ASSERT_TRUE(classifier.fit(rows));
  classifier.calibrate(rows, 4);
  const auto chosen = sample_rows(80, 40, 2);
  const auto sample = rows_where(rows, [&](std::size_t i) { return std::ranges::binary_search(chosen, i); });
  EXPECT_EQ(honest(classifier), sorted(held_out_by_hand(sample, 4, options)));
}

TEST(CrossConformalTest, AShareOfVarianceKeepsTheModelsComponentsInEveryFold) {
  const auto rows = correlated(40, 10, 0.85, 0, 7);
  KDEClassifier classifier({.n_pca_components = 0.9});
  ASSERT_TRUE(classifier.fit(rows));
  const std::size_t components = classifier.report().components;
  classifier.calibrate(rows, 10);
  KDEClassifier counted({.n_pca_components = components});
  ASSERT_TRUE(counted.fit(rows));
  counted.calibrate(rows, 10);
  EXPECT_EQ(honest(classifier), honest(counted));
}

TEST(CrossConformalTest, ADensityOverAllColumnsIsOneInEveryFold) {
  // Fewer rows than columns: a fold has a smaller rank, and its residual makes up for it.
  const auto rows = correlated(30, 50, 0.9, 0, 10);
  const KDEClassifierOptions options = {.n_pca_components = ComponentCount::all(),
                                        .kde = {.covariance = Covariance::ledoit_wolf}};
  KDEClassifier classifier(options);
  ASSERT_TRUE(classifier.fit(rows));
  classifier.calibrate(rows, 5);
  EXPECT_EQ(honest(classifier), sorted(held_out_by_hand(rows, 5, options)));
}

TEST(CrossConformalTest, FewRows) {
  // Fewer rows than folds: each row is its own fold. Fewer rows in the other folds than components: as many as there
  // are.
  const auto rows = correlated(6, 8, 0.8, 0, 8);
  KDEClassifier classifier({.n_pca_components = 6});
  ASSERT_TRUE(classifier.fit(rows));
  std::vector<std::size_t> told;
  classifier.calibrate(rows, 10, [&](std::size_t done, std::size_t total) {
    EXPECT_EQ(total, 6U);
    told.push_back(done);
  });
  EXPECT_EQ(classifier.calibration().folds(), 6U);
  EXPECT_EQ(told, (std::vector<std::size_t>{1, 2, 3, 4, 5, 6}));
}

TEST(CrossConformalTest, RefusesWhatItCannotDo) {
  const auto rows = correlated(20, 4, 0.8, 0, 9);
  KDEClassifier classifier({.n_pca_components = 2});
  EXPECT_THROW(classifier.calibrate(rows), NotFitted);
  EXPECT_THROW(classifier.calibrate_from(rows), NotFitted);
  EXPECT_THROW(classifier.set_target_fpr(0.1), NotFitted);
  EXPECT_THROW(classifier.set_threshold(Threshold::at_log_density(0)), NotFitted);
  ASSERT_TRUE(classifier.fit(rows));
  EXPECT_THROW((void)classifier.calibration(), NotFitted);
  EXPECT_THROW((void)classifier.threshold(), NotFitted);
  EXPECT_THROW(classifier.set_target_fpr(0.1), NotFitted);
  EXPECT_THROW(classifier.calibrate(rows, 1), InvalidParameter);
  EXPECT_EQ(message<InvalidInput>([&] { classifier.calibrate(rows.view().middle_rows(0, 19)); }),
            "embeddings are 19 x 4; cross-conformal calibration needs the 20 x 4 that the model was fitted on "
            "(calibrate_from takes others)");
  EXPECT_THROW(classifier.calibrate_from(correlated(5, 3, 0.8, 0, 9)), InvalidInput);
  EXPECT_THROW(classifier.calibrate_from(EmbeddingsView(nullptr, 0, 4)), InvalidInput);
  EXPECT_FALSE(classifier.is_calibrated());

  // Without the one row that differs, all are equal.
  const Embeddings alike({0, 0, 0, 0, 0, 1, 1, 1}, 4, 2);
  const Embeddings one({0, 0, 0, 0, 0, 0, 1, 1}, 4, 2);
  KDEClassifier small({.n_pca_components = 1});
  ASSERT_TRUE(small.fit(one));
  EXPECT_NE(message<InvalidInput>([&] { small.calibrate(one); }).find("calibration without fold"), std::string::npos);
}

TEST(CalibrationOfClassifierTest, ARateFollowsTheCalibrationAndOtherThresholdsStay) {
  const auto rows = correlated(50, 5, 0.8, 0, 10);
  const auto further = correlated(30, 5, 0.8, 0, 11);
  KDEClassifier classifier({.n_pca_components = 5});
  ASSERT_TRUE(classifier.fit(rows));
  classifier.calibrate(rows);
  classifier.set_target_fpr(0.1);
  const double before = classifier.threshold().log_density;
  classifier.calibrate_from(further);
  EXPECT_EQ(classifier.calibration().folds(), 0U);
  auto scores = classifier.compute_kde_scores(further, true);
  std::sort(scores.begin(), scores.end());
  EXPECT_EQ(honest(classifier), scores);
  EXPECT_EQ(classifier.threshold().value, 0.1);
  EXPECT_EQ(classifier.threshold().log_density, std::nextafter(scores[2], -kInfinity));  // 3 / 31 is the last <= 0.1
  EXPECT_NE(classifier.threshold().log_density, before);

  // Nine rows cannot guarantee 5 %: nothing changes then.
  classifier.set_target_fpr(0.05);
  EXPECT_THROW(classifier.calibrate_from(correlated(9, 5, 0.8, 0, 12)), InvalidParameter);
  EXPECT_EQ(honest(classifier), scores);

  classifier.set_threshold(Threshold::at_log_density(-7));
  classifier.calibrate(rows);
  EXPECT_EQ(classifier.threshold().log_density, -7);
  ASSERT_TRUE(classifier.fit(rows));
  EXPECT_FALSE(classifier.is_calibrated() || classifier.has_threshold()) << "they were another model's";
}

TEST(CalibrationOfClassifierTest, CopiesAreIndependent) {
  const auto rows = correlated(50, 5, 0.8, 0, 10);
  KDEClassifier original({.n_pca_components = 3});
  ASSERT_TRUE(original.fit(rows));
  const auto before = original.predict(rows);
  KDEClassifier copy = original;
  EXPECT_EQ(copy.predict(rows), before);
  copy.calibrate(rows);
  copy.set_target_fpr(0.1);
  EXPECT_FALSE(original.is_calibrated() || original.has_threshold());
  EXPECT_EQ(original.predict(rows), before);
}

}  // namespace
}  // namespace kernad
