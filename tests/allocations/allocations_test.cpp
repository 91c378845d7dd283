// Code that must not allocate. A separate program, since it replaces operator new, as ThreadSanitizer also does.
#include <gtest/gtest.h>

#include <vector>

#include "kernad/kde_classifier.hpp"
#include "kernad/kernad.h"
#include "kernad/sampling.hpp"
#include "kernad/scorer.hpp"
#include "support/clusters.hpp"
#include "support/count_allocations.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using testing::clustered;
using testing::gaussian;

TEST(AllocationsTest, AScorerAllocatesNothingFromTheSecondCallOn) {
  for (const auto& train : {gaussian(70'000, 8, 1), clustered(9000, 8, 30, 40, 1)}) {
    KDEClassifier classifier({.n_pca_components = 4});
    ASSERT_TRUE(classifier.fit(train));
    const auto queries = gaussian(500, 8, 2);
    std::vector<double> scores(500);
    // One thread: with more, it is random which of them have already scored a block.
    Scorer scorer(classifier, 1);
    scorer.log_density(queries, scores);
    const std::size_t before = testing::allocations();
    scorer.log_density(queries, scores);
    scores[0] += scorer.log_density(queries.row(1));
    EXPECT_EQ(testing::allocations(), before);
    // A single row is scored with the memory of the first thread, however many threads share the references.
    Scorer shared(classifier, 3);
    scores[0] += shared.log_density(queries.row(0));
    const std::size_t before_row = testing::allocations();
    for (std::size_t i = 0; i < 10; ++i) scores[i] += shared.log_density(queries.row(i));
    EXPECT_EQ(testing::allocations(), before_row);
  }
}

TEST(AllocationsTest, ExplainCopiesNoTrainingRows) {
  constexpr std::size_t kRows = 20'000;
  KDEClassifier classifier({.n_pca_components = 16});
  ASSERT_TRUE(classifier.fit(gaussian(kRows, 16, 1)));
  const auto queries = gaussian(1, 16, 2);
  (void)testing::take_largest_allocation();
  (void)classifier.explain(queries);
  // A number or two for each training row, where a copy of the rows would be 16 floats for each.
  EXPECT_LE(testing::take_largest_allocation(), 2 * kRows * sizeof(double));
}

TEST(AllocationsTest, ASampleTakesNoMemoryForTheOtherRows) {
  (void)testing::take_largest_allocation();
  EXPECT_EQ(sample_rows(5'000'000, 100, 0).size(), 100u);
  EXPECT_LE(testing::take_largest_allocation(), 16u * 201u);
}

TEST(AllocationsTest, NeitherDoesAScorerOfTheCInterface) {
  const auto train = gaussian(5000, 8, 1);
  const auto queries = gaussian(10, 8, 2);
  kernad_model* model = nullptr;
  kernad_scorer* scorer = nullptr;
  ASSERT_EQ(kernad_model_fit(nullptr, {train.data(), 5000, 8, 8}, nullptr, nullptr, &model), KERNAD_OK);
  ASSERT_EQ(kernad_scorer_create(model, 1, &scorer), KERNAD_OK);
  double score = 0;
  ASSERT_EQ(kernad_scorer_score(scorer, {queries.data(), 1, 8, 8}, &score), KERNAD_OK);
  const std::size_t before = testing::allocations();
  for (std::size_t i = 0; i < 10; ++i) kernad_scorer_score(scorer, {queries.row(i).data(), 1, 8, 8}, &score);
  EXPECT_EQ(testing::allocations(), before);
  kernad_scorer_free(scorer);
  kernad_model_free(model);
}

}  // namespace
}  // namespace kernad
