// What must hold for every data set: scores do not depend on threads, batches, rotation or translation.
#include <gtest/gtest.h>

#include <cmath>
#include <thread>
#include <vector>

#include "kernad/kde_classifier.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using testing::correlated;
using testing::map;
using testing::multiply;

class Invariance : public ::testing::TestWithParam<FeatureScalingMethod> {
 protected:
  [[nodiscard]] KDEClassifier fit(EmbeddingsView data, int threads = 0, std::size_t components = 6) const {
    KDEClassifier classifier({.n_pca_components = components, .feature_scaling_method = GetParam()});
    classifier.set_threads(threads);
    EXPECT_TRUE(classifier.fit(data));
    return classifier;
  }
};
INSTANTIATE_TEST_SUITE_P(Methods, Invariance,
                         ::testing::Values(FeatureScalingMethod::norm, FeatureScalingMethod::scale),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST_P(Invariance, SameBitsForAnyNumberOfThreads) {
  // Enough rows for many groups, blocks and panels; the wide set takes the Gram route.
  for (const auto& train : {correlated(3000, 24, 0.9, 1, 1), correlated(60, 90, 0.9, 1, 2)}) {
    const auto queries = correlated(300, train.cols(), 0.95, 1, 3);
    const auto one = fit(train, 1);
    const auto expected = one.compute_kde_scores(queries, true);
    for (const int threads : {2, 7}) {
      const auto many = fit(train, threads);
      EXPECT_EQ(many.report().max_length, one.report().max_length);
      EXPECT_EQ(many.compute_kde_scores(queries, true), expected) << threads << " threads";
    }
  }
}

TEST_P(Invariance, BatchAndRowByRowAgreeToTheBit) {
  const auto classifier = fit(correlated(1500, 20, 0.9, 1, 4));
  const auto queries = correlated(150, 20, 0.95, 1, 5);
  const auto batch = classifier.compute_kde_scores(queries, true);
  for (std::size_t i = 0; i < queries.rows(); ++i) {
    EXPECT_EQ(classifier.compute_kde_scores(queries.view().middle_rows(i, 1), true)[0], batch[i]);
  }
}

TEST_P(Invariance, RotationLeavesScores) {
  // Float32 rounding of the rotated data moves a whitened coordinate x by about 2^-24 |row| / (h sigma_min): 1e-4 here.
  const auto train = correlated(400, 12, 0.85, 0, 6);
  const auto queries = correlated(50, 12, 0.85, 0, 7);
  const auto turn = testing::rotation(12, 8);
  const auto plain = fit(train).compute_kde_scores(queries, true);
  const auto turned = fit(multiply(train, turn)).compute_kde_scores(multiply(queries, turn), true);
  for (std::size_t i = 0; i < plain.size(); ++i)
    EXPECT_NEAR(turned[i], plain[i], 2e-4 * std::max(1.0, std::abs(plain[i])));
}

TEST_P(Invariance, TranslationLeavesScores) {
  // A shift by a power of two rounds entries to 2^-24 * 64.
  const auto shift = [](double x, auto, auto) { return x + 64; };
  const auto train = correlated(400, 12, 0.85, 0, 9);
  const auto queries = correlated(50, 12, 0.85, 0, 10);
  const auto plain = fit(train).compute_kde_scores(queries, true);
  const auto moved = fit(map(train, shift)).compute_kde_scores(map(queries, shift), true);
  for (std::size_t i = 0; i < plain.size(); ++i)
    EXPECT_NEAR(moved[i], plain[i], 2e-3 * std::max(1.0, std::abs(plain[i])));
}

TEST_P(Invariance, InputIsUntouched) {
  const auto train = correlated(100, 8, 0.8, 3, 11);
  const auto copy = train;
  const auto classifier = fit(train);
  (void)classifier.predict(train);
  EXPECT_TRUE(std::equal(train.values().begin(), train.values().end(), copy.values().begin()));
}

TEST_P(Invariance, ConstMethodsRunInSeveralThreadsAtOnce) {
  const auto classifier = fit(correlated(500, 10, 0.9, 0, 12), 2);
  const auto queries = correlated(200, 10, 0.9, 0, 13);
  const auto expected = classifier.predict(queries);
  std::vector<std::vector<double>> results(6);
  {
    std::vector<std::jthread> callers;
    for (auto& result : results) callers.emplace_back([&] { result = classifier.predict(queries); });
  }
  for (const auto& result : results) EXPECT_EQ(result, expected);
}

TEST_P(Invariance, RowOrderOfTheTrainingDataDoesNotMatterBeyondRounding) {
  const auto train = correlated(300, 8, 0.85, 1, 14);
  const auto reversed = map(train, [&](double, std::size_t i, std::size_t j) { return train(299 - i, j); });
  const auto queries = correlated(50, 8, 0.85, 1, 15);
  const auto plain = fit(train).compute_kde_scores(queries, true);
  const auto other = fit(reversed).compute_kde_scores(queries, true);
  for (std::size_t i = 0; i < plain.size(); ++i)
    EXPECT_NEAR(other[i], plain[i], 1e-5 * std::max(1.0, std::abs(plain[i])));
}

}  // namespace
}  // namespace kernad
