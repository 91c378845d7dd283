// A model file says whether a tree over its rows pays, so that loading needs no trial.
#include <gtest/gtest.h>

#include <string>

#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "support/clusters.hpp"
#include "support/data.hpp"

namespace kernad::reference_tree_test {
namespace {

const std::string kKey = "reference_tree";

KDEClassifier fitted(const Embeddings& rows) {
  KDEClassifierOptions options;
  options.n_pca_components = rows.cols();
  KDEClassifier classifier(options);
  EXPECT_TRUE(classifier.fit(rows));
  return classifier;
}

KDEClassifier loaded(const StateDict& state) {
  KDEClassifier classifier;
  classifier.load_state_dict(state);
  return classifier;
}

TEST(ReferenceTreeTest, IsInTheFileOfManyRowsOnly) {
  EXPECT_EQ(fitted(testing::clustered(4000, 6, 20, 30, 1)).state_dict().metadata.at(kKey), "yes");
  EXPECT_EQ(fitted(testing::gaussian(4000, 16, 1)).state_dict().metadata.at(kKey), "no");
  EXPECT_FALSE(fitted(testing::gaussian(400, 16, 1)).state_dict().metadata.contains(kKey));
}

TEST(ReferenceTreeTest, ScoresAreTheSameBitsWithAndWithoutIt) {
  for (const auto& rows : {testing::clustered(4000, 6, 20, 30, 1), testing::gaussian(4000, 16, 1)}) {
    const auto classifier = fitted(rows);
    const auto state = classifier.state_dict();
    StateDict old = state;
    ASSERT_EQ(old.metadata.erase(kKey), 1U);
    const auto expected = classifier.compute_kde_scores(rows, true);
    EXPECT_EQ(loaded(state).compute_kde_scores(rows, true), expected);
    EXPECT_EQ(loaded(old).compute_kde_scores(rows, true), expected);
    EXPECT_EQ(loaded(old).state_dict().metadata, state.metadata);
  }
}

TEST(ReferenceTreeTest, AFalseOneCostsTimeOnly) {
  for (const auto& rows : {testing::clustered(4000, 6, 20, 30, 1), testing::gaussian(4000, 16, 1)}) {
    const auto classifier = fitted(rows);
    auto state = classifier.state_dict();
    auto& text = state.metadata.at(kKey);
    text = text == "yes" ? "no" : "yes";
    const auto expected = classifier.compute_kde_scores(rows, true);
    const auto found = loaded(state).compute_kde_scores(rows, true);
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-4);
  }
}

TEST(ReferenceTreeTest, IsKeptWhilePruningIsOff) {
  const auto state = fitted(testing::clustered(4000, 6, 20, 30, 1)).state_dict();
  KDEClassifier classifier;
  classifier.set_pruning(false);
  classifier.load_state_dict(state);
  EXPECT_EQ(classifier.state_dict().metadata.at(kKey), "yes");
}

TEST(ReferenceTreeTest, AnEnsembleHasTwo) {
  KDEClassifierOptions options;
  options.automatic = true;
  KDEClassifier classifier(options);
  ASSERT_TRUE(classifier.fit(testing::gaussian(2500, 8, 1)));
  const auto state = classifier.state_dict();
  EXPECT_TRUE(state.metadata.contains("second_reference_tree"));
  EXPECT_EQ(loaded(state).state_dict().metadata, state.metadata);
}

TEST(ReferenceTreeTest, AnythingElseIsRefused) {
  auto state = fitted(testing::gaussian(4000, 4, 1)).state_dict();
  state.metadata.at(kKey) = "maybe";
  try {
    static_cast<void>(loaded(state));
    FAIL() << "accepted";
  } catch (const InvalidInput& error) {
    EXPECT_NE(std::string(error.what()).find("metadata 'reference_tree' is 'maybe'; valid: yes, no"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace kernad::reference_tree_test
