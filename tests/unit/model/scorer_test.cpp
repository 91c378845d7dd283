#include "kernad/scorer.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/gaussian_kde.hpp"
#include "kernad/kde_classifier.hpp"
#include "support/clusters.hpp"
#include "support/data.hpp"

namespace kernad::scorer_test {
namespace {

using testing::clustered;
using testing::gaussian;

KDEClassifier fitted(EmbeddingsView train) {
  KDEClassifier classifier(KDEClassifierOptions{.n_pca_components = 4});
  EXPECT_TRUE(classifier.fit(train));
  return classifier;
}

TEST(ScorerTest, GivesTheScoresOfTheModelBitForBit) {
  const auto queries = testing::map(gaussian(700, 8, 2), [](double x, std::size_t i, auto) {
    return i % 50 == 0 ? 1e4 * x : x;  // some of them far
  });
  for (const auto& train : {gaussian(70'000, 8, 1), clustered(9000, 8, 30, 40, 1)}) {
    const KDEClassifier classifier = fitted(train);
    const auto expected = classifier.compute_kde_scores(queries, true);
    GaussianKDE density;
    density.fit(train);
    const auto expected_density = density.log_density(queries);
    for (const int threads : {1, 2, 5}) {
      Scorer scorer(classifier, threads);
      EXPECT_EQ(scorer.columns(), 8U);
      std::vector<double> scores(queries.rows());
      scorer.log_density(queries, scores);
      EXPECT_EQ(scores, expected) << threads;
      Scorer of_density(density, threads);
      of_density.log_density(queries, scores);
      EXPECT_EQ(scores, expected_density) << threads;
      for (std::size_t i = 0; i < 100; ++i) {
        ASSERT_EQ(scorer.log_density(queries.row(i)), expected[i]) << threads;
        ASSERT_EQ(of_density.log_density(queries.row(i)), expected_density[i]) << threads;
      }
    }
  }
}

TEST(ScorerTest, KeepsTheModelItWasMadeOf) {
  KDEClassifier classifier = fitted(gaussian(300, 8, 1));
  const auto queries = gaussian(20, 8, 2);
  const auto expected = classifier.compute_kde_scores(queries, true);
  Scorer first(classifier, 1);
  Scorer scorer(std::move(first));
  ASSERT_TRUE(classifier.fit(gaussian(300, 8, 7)));
  std::vector<double> scores(20);
  scorer.log_density(queries, scores);
  EXPECT_EQ(scores, expected);
}

TEST(ScorerTest, RefusesWhatItCannotScore) {
  EXPECT_THROW(Scorer{KDEClassifier()}, NotFitted);
  EXPECT_THROW(Scorer{GaussianKDE()}, NotFitted);
  const KDEClassifier classifier = fitted(gaussian(300, 8, 1));
  EXPECT_THROW((Scorer{classifier, -1}), InvalidParameter);
  EXPECT_THROW((Scorer{classifier, 1025}), InvalidParameter);
  Scorer scorer(classifier, 2);
  std::vector<double> scores(3);
  EXPECT_THROW(scorer.log_density(gaussian(3, 7, 1), scores), InvalidInput);
  EXPECT_THROW(scorer.log_density(gaussian(4, 8, 1), scores), InvalidParameter);
  auto broken = gaussian(3, 8, 1);
  broken(2, 5) = std::numeric_limits<float>::quiet_NaN();
  try {
    scorer.log_density(broken, scores);
    FAIL();
  } catch (const InvalidInput& error) {
    EXPECT_STREQ(error.what(), "features: row 2, column 5 is nan; every value must be finite");
  }
  scorer.log_density(Embeddings(0, 8), {});
}

TEST(ScorerTest, PruningCanBeSwitchedAtAnyTime) {
  const auto train = clustered(9000, 8, 30, 40, 1);
  const auto queries = clustered(50, 8, 30, 40, 2);
  KDEClassifier with = fitted(train);
  KDEClassifier without(KDEClassifierOptions{.n_pca_components = 4});
  without.set_pruning(false);
  ASSERT_TRUE(without.fit(train));
  const auto pruned = with.compute_kde_scores(queries, true);
  const auto full = without.compute_kde_scores(queries, true);
  EXPECT_NE(pruned, full);
  with.set_pruning(false);
  EXPECT_EQ(with.compute_kde_scores(queries, true), full);
  with.set_pruning(true);
  EXPECT_EQ(with.compute_kde_scores(queries, true), pruned);
  without.load_state_dict(with.state_dict());
  EXPECT_EQ(without.compute_kde_scores(queries, true), full) << "a load keeps the switch";
}

}  // namespace
}  // namespace kernad::scorer_test
