#include "kernad/kde_classifier.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/sampling.hpp"
#include "reference/oracle.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using testing::correlated;
using testing::gaussian;
using testing::map;

KDEClassifier fitted(EmbeddingsView data, KDEClassifierOptions options = {}) {
  KDEClassifier classifier(options);
  EXPECT_TRUE(classifier.fit(data));
  return classifier;
}

void expect_like_oracle(EmbeddingsView train, EmbeddingsView queries, std::size_t components,
                        FeatureScalingMethod method) {
  const auto classifier = fitted(train, {.n_pca_components = components, .feature_scaling_method = method});
  ASSERT_EQ(classifier.report().components, components);
  const auto scores = classifier.compute_kde_scores(queries, true);
  const oracle::Classifier expected(oracle::to_rows(train), components, method);
  const auto rows = oracle::to_rows(queries);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto value = expected.log_density(rows[i]);
    EXPECT_NEAR(scores[i], static_cast<double>(value), static_cast<double>(oracle::allowed_error(value)))
        << "query " << i;
  }
}

TEST(KDEClassifierTest, DefaultsAreTheReferences) {
  const KDEClassifier classifier;
  EXPECT_EQ(classifier.options().n_pca_components, ComponentCount(16));
  EXPECT_EQ(classifier.options().feature_scaling_method, FeatureScalingMethod::scale);
  EXPECT_EQ(classifier.options().max_training_points, 40'000U);
  EXPECT_FALSE(classifier.is_fitted());
}

TEST(KDEClassifierTest, MatchesTheOracleInBothModes) {
  for (const auto method : {FeatureScalingMethod::scale, FeatureScalingMethod::norm}) {
    SCOPED_TRACE(to_string(method));
    for (const std::size_t columns : {3, 8, 20, 33}) {
      for (const std::size_t components : {std::size_t{2}, columns / 2 + 1}) {
        SCOPED_TRACE(std::to_string(columns) + " columns, " + std::to_string(components) + " components");
        expect_like_oracle(correlated(200, columns, 0.7, 2, columns), correlated(30, columns, 0.8, 2, 99), components,
                           method);
      }
    }
  }
}

TEST(KDEClassifierTest, MatchesTheOracleWithFewerRowsThanColumns) {
  for (const auto method : {FeatureScalingMethod::scale, FeatureScalingMethod::norm}) {
    expect_like_oracle(correlated(25, 60, 0.6, 1, 1), correlated(20, 60, 0.6, 1, 2), 4, method);
  }
}

TEST(KDEClassifierTest, OutliersOfEverySizeMatchTheOracle) {
  const auto train = correlated(150, 6, 0.8, 0, 3);
  for (const double sigma : {10.0, 1e2, 1e3, 1e4, 1e10, 1e30}) {
    SCOPED_TRACE(sigma);
    const auto queries = map(gaussian(10, 6, 4), [&](double x, auto, auto) { return x * sigma; });
    expect_like_oracle(train, queries, 4, FeatureScalingMethod::scale);
    expect_like_oracle(train, queries, 4, FeatureScalingMethod::norm);
  }
}

TEST(KDEClassifierTest, ScoresFallAllTheWayOut) {
  const auto classifier = fitted(correlated(200, 10, 0.8, 0, 5), {.n_pca_components = 5});
  const auto direction = gaussian(1, 10, 6);
  double last = std::numeric_limits<double>::max();
  for (double factor = 10; factor < 1e38; factor *= 1.5) {
    const auto score =
        classifier.compute_kde_scores(map(direction, [&](double x, auto, auto) { return x * factor; }), true)[0];
    ASSERT_TRUE(std::isfinite(score)) << factor;
    EXPECT_LT(score, last) << factor;
    last = score;
  }
}

TEST(KDEClassifierTest, FitReturnsFalseAndLeavesNoModelWithTooFewRows) {
  KDEClassifier classifier({.n_pca_components = 10});
  EXPECT_TRUE(classifier.fit(gaussian(10, 20, 1)));
  EXPECT_FALSE(classifier.fit(gaussian(9, 20, 1)));
  EXPECT_FALSE(classifier.is_fitted());
  EXPECT_THROW((void)classifier.predict(gaussian(1, 20, 1)), NotFitted);
}

TEST(KDEClassifierTest, NoMoreRowsAreNeededThanThereAreColumns) {
  KDEClassifier classifier;  // 16 components
  EXPECT_TRUE(classifier.fit(gaussian(10, 4, 1)));
  EXPECT_EQ(classifier.report().components, 4U);
  EXPECT_TRUE(classifier.fit(gaussian(4, 4, 1)));
  EXPECT_FALSE(classifier.fit(gaussian(3, 4, 1)));
  EXPECT_FALSE(classifier.fit(gaussian(15, 16, 1)));
  EXPECT_TRUE(classifier.fit(gaussian(16, 17, 1)));
}

TEST(KDEClassifierTest, FitTellsItsStagesAndEndsWhenToldTo) {
  std::vector<std::size_t> stages;
  KDEClassifier classifier({.n_pca_components = 3});
  EXPECT_TRUE(classifier.fit(gaussian(50, 5, 1), [&](std::size_t done, std::size_t total) {
    EXPECT_EQ(total, 4U);
    stages.push_back(done);
  }));
  EXPECT_EQ(stages, (std::vector<std::size_t>{1, 2, 3, 4}));

  const auto before = classifier.predict(gaussian(9, 5, 2));
  const auto stop = [](std::size_t done, std::size_t total) {
    if (done == total) throw std::length_error("enough");
  };
  EXPECT_THROW((void)classifier.fit(gaussian(60, 5, 3), stop), std::length_error);
  EXPECT_EQ(classifier.predict(gaussian(9, 5, 2)), before);
}

TEST(KDEClassifierTest, ComponentsAreCutToWhatTheDataHave) {
  const auto by_default = fitted(gaussian(50, 3, 1));
  EXPECT_EQ(by_default.report().components, 3U);
  EXPECT_TRUE(by_default.report().notes.empty()) << "nobody asked for 16";

  const auto by_columns = fitted(gaussian(50, 3, 1), {.n_pca_components = 17});
  EXPECT_EQ(by_columns.report().components, 3U);
  ASSERT_EQ(by_columns.report().notes.size(), 1U);
  EXPECT_EQ(by_columns.report().notes[0],
            (Note{NoteCode::components_cut, "n_pca_components cut from 17 to 3: the data have 3 columns and rank 3"}));

  const auto by_rank = fitted(gaussian(16, 40, 1));
  EXPECT_EQ(by_rank.report().components, 15U);
  EXPECT_EQ(by_rank.report().rank, 15U);
  EXPECT_TRUE(std::isfinite(by_rank.compute_kde_scores(gaussian(1, 40, 2), true)[0]));
}

TEST(KDEClassifierTest, ReportTellsWhatFitDid) {
  const auto data = correlated(100, 12, 0.8, 1, 2);
  const auto classifier = fitted(data, {.n_pca_components = 4, .max_training_points = 60, .seed = 9});
  const auto& report = classifier.report();
  EXPECT_EQ(report.rows_seen, 100U);
  EXPECT_EQ(report.rows_used, 60U);
  EXPECT_EQ(report.columns, 12U);
  EXPECT_EQ(report.rank, 12U);
  EXPECT_EQ(report.components, 4U);
  EXPECT_EQ(report.kde_rank, 4U);
  EXPECT_GT(report.explained_variance, 0.5);
  EXPECT_LT(report.explained_variance, 1);
  EXPECT_DOUBLE_EQ(report.bandwidth_factor, std::pow(60.0, -1.0 / 8));
  EXPECT_GT(report.max_length, 0);
  EXPECT_EQ(report.notes.size(), 1U);
}

TEST(KDEClassifierTest, SampleIsThatOfSampleRows) {
  const auto data = correlated(100, 5, 0.8, 1, 3);
  const auto rows = sample_rows(100, 40, 7);
  Embeddings chosen(40, 5);
  for (std::size_t i = 0; i < 40; ++i) std::copy_n(data.row(rows[i]).data(), 5, chosen.row(i).data());
  const auto queries = gaussian(10, 5, 4);
  const KDEClassifierOptions options{.n_pca_components = 3, .max_training_points = 40, .seed = 7};
  EXPECT_EQ(fitted(data, options).compute_kde_scores(queries, true),
            fitted(chosen, options).compute_kde_scores(queries, true));
}

TEST(KDEClassifierTest, ProbabilitiesByHand) {
  const auto p = KDEClassifier::compute_probabilities(std::vector{12.0, 32.0, -8.0, 1e300, -1e300,
                                                                  std::numeric_limits<double>::infinity(),
                                                                  -std::numeric_limits<double>::infinity()});
  EXPECT_EQ(p[0], 0.5);
  EXPECT_NEAR(p[1], 1 / (1 + std::exp(1.0)), 1e-16);
  EXPECT_NEAR(p[2], 1 / (1 + std::exp(-1.0)), 1e-16);
  EXPECT_EQ(p[3], 0);
  EXPECT_EQ(p[4], 1);
  EXPECT_EQ(p[5], 0);
  EXPECT_EQ(p[6], 1);
  EXPECT_THROW((void)KDEClassifier::compute_probabilities(std::vector{std::nan("")}), InvalidInput);
}

TEST(KDEClassifierTest, PredictAndForwardAreProbabilitiesOfLogDensities) {
  const auto classifier = fitted(correlated(80, 6, 0.8, 0, 1), {.n_pca_components = 3});
  const auto queries = gaussian(20, 6, 2);
  const auto log_densities = classifier.compute_kde_scores(queries, true);
  EXPECT_EQ(classifier.predict(queries), KDEClassifier::compute_probabilities(log_densities));
  EXPECT_EQ(classifier.forward(queries), classifier.predict(queries));
  const auto densities = classifier.compute_kde_scores(queries);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_DOUBLE_EQ(densities[i], std::exp(log_densities[i]));
}

TEST(KDEClassifierTest, PreProcessScalesByTheLongestOrEachByItsOwn) {
  const Embeddings stack({3, 4, 0, 0, 6, 8}, 3, 2);
  const auto [scaled, longest] = KDEClassifier().pre_process(stack);
  EXPECT_EQ(longest, 10);
  EXPECT_EQ(scaled(0, 0), 0.3F);
  EXPECT_EQ(scaled(2, 1), 0.8F);
  const auto [given, length] = KDEClassifier().pre_process(stack, 5);
  EXPECT_EQ(length, 5);
  EXPECT_EQ(given(2, 1), 1.6F);
  const auto [unit, max] = KDEClassifier({.feature_scaling_method = FeatureScalingMethod::norm}).pre_process(stack);
  EXPECT_EQ(max, 10);
  EXPECT_EQ(unit(0, 1), 0.8F);
  EXPECT_EQ(unit(1, 0), 0) << "a row of length zero stays zero";
  EXPECT_THROW((void)KDEClassifier().pre_process(stack, 0.0), InvalidParameter);
  EXPECT_THROW((void)KDEClassifier().pre_process(stack, std::nan("")), InvalidParameter);
  EXPECT_THROW((void)KDEClassifier().pre_process(Embeddings(2, 2)), InvalidInput);
}

TEST(KDEClassifierTest, PublicStepsGiveWhatPredictGives) {
  // The same pipeline by hand, through float32 between the steps.
  const auto train = correlated(100, 8, 0.8, 1, 4);
  const auto queries = correlated(10, 8, 0.8, 1, 5);
  const auto classifier = fitted(train, {.n_pca_components = 4});
  PCA pca(4);
  const auto [stack, max_length] = classifier.pre_process(pca.fit_transform(train));
  EXPECT_NEAR(max_length / classifier.report().max_length, 1, 1e-6);
  const auto features = classifier.pre_process(pca.transform(queries), max_length).first;
  const auto rows = oracle::to_rows(features);
  const oracle::Density density(oracle::to_rows(stack));
  const auto scores = classifier.compute_kde_scores(queries, true);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_NEAR(scores[i], static_cast<double>(density.log_density(rows[i])), 1e-3);
  }
}

TEST(KDEClassifierTest, ARowEqualToTheMeanIsFiniteInNormMode) {
  auto train = gaussian(40, 4, 6);
  for (std::size_t i = 20; i < 40; ++i) {
    for (std::size_t j = 0; j < 4; ++j) train(i, j) = -train(i - 20, j);
  }
  const auto classifier = fitted(train, {.n_pca_components = 3, .feature_scaling_method = FeatureScalingMethod::norm});
  EXPECT_TRUE(std::isfinite(classifier.compute_kde_scores(Embeddings(1, 4), true)[0]));
}

TEST(KDEClassifierTest, OneComponentInNormMode) {
  const auto classifier =
      fitted(gaussian(50, 4, 7), {.n_pca_components = 1, .feature_scaling_method = FeatureScalingMethod::norm});
  for (const double p : classifier.predict(gaussian(20, 4, 8))) EXPECT_TRUE(p >= 0 && p <= 1);
}

TEST(KDEClassifierTest, RefusesBadInputByRowAndColumn) {
  EXPECT_THROW(KDEClassifier({.max_training_points = 1}), InvalidParameter);
  KDEClassifier classifier({.n_pca_components = 2});
  EXPECT_THROW((void)classifier.predict(gaussian(1, 3, 1)), NotFitted);
  EXPECT_THROW((void)classifier.report(), NotFitted);
  EXPECT_THROW((void)classifier.fit(Embeddings()), InvalidInput);
  EXPECT_THROW((void)classifier.fit(Embeddings(std::vector<float>(40, 2.5F), 10, 4)), InvalidInput);
  ASSERT_TRUE(classifier.fit(gaussian(200, 3, 1)));
  EXPECT_THROW((void)classifier.predict(gaussian(2, 4, 1)), InvalidInput);

  auto broken = gaussian(200, 3, 2);
  broken(130, 2) = std::numeric_limits<float>::quiet_NaN();
  broken(150, 0) = std::numeric_limits<float>::infinity();
  for (const int threads : {1, 4}) {
    classifier.set_threads(threads);
    try {
      (void)classifier.predict(broken);
      FAIL();
    } catch (const InvalidInput& error) {
      EXPECT_STREQ(error.what(), "features: row 130, column 2 is nan; every value must be finite");
    }
    try {
      (void)classifier.fit(broken);
      FAIL();
    } catch (const InvalidInput& error) {
      EXPECT_STREQ(error.what(), "embeddings: row 130, column 2 is nan; every value must be finite");
    }
  }
  EXPECT_TRUE(classifier.is_fitted()) << "a failed fit must leave the old model";
  EXPECT_TRUE(classifier.predict(Embeddings(0, 3)).empty());
}

}  // namespace
}  // namespace kernad
