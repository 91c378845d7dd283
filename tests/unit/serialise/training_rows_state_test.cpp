// What a model remembers of its training rows.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "kernad/sampling.hpp"
#include "support/bytes.hpp"
#include "support/data.hpp"

namespace kernad::training_rows_state_test {
namespace {

std::vector<std::string> numbered(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("row " + std::to_string(i));
  return names;
}

TEST(TrainingRowsTest, NamesAndHashesSurviveTheFile) {
  const auto rows = testing::correlated(60, 3, 0.8, 1, 1);
  KDEClassifier classifier({.n_pca_components = 2, .max_training_points = 20});
  ASSERT_TRUE(classifier.fit(rows));
  EXPECT_EQ(classifier.trained_on(rows).compared, 0u);
  classifier.remember_rows(rows, numbered(60));
  KDEClassifier loaded;
  loaded.load_state_dict(classifier.state_dict());
  for (const KDEClassifier* model : {&classifier, &loaded}) {
    const auto kept = sample_rows(60, 20, 0);
    ASSERT_EQ(model->row_names().size(), 20u);
    for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(model->row_names()[i], "row " + std::to_string(kept[i]));
    EXPECT_EQ(model->trained_on(rows).equal, 20u) << "the others are new to the model";
    EXPECT_EQ(model->trained_on(testing::correlated(60, 3, 0.8, 1, 2)).equal, 0u);
    EXPECT_EQ(model->trained_on(testing::correlated(60, 3, 0.8, 1, 2)).compared, 60u);
  }
}

TEST(TrainingRowsTest, NamesSurviveWhereAutomaticLeavesRowsOut) {
  auto rows = testing::correlated(60, 3, 0.8, 1, 1);
  rows(7, 1) = -999;
  KDEClassifier classifier({.automatic = true});
  ASSERT_TRUE(classifier.fit(rows));
  ASSERT_EQ(classifier.report().rows_left_out, (std::vector<std::size_t>{7}));
  classifier.remember_rows(rows, numbered(60));
  KDEClassifier loaded;
  loaded.load_state_dict(classifier.state_dict());
  const auto nearest = loaded.explain(rows.view().middle_rows(30, 1), 1).neighbours[0].row;
  EXPECT_EQ(loaded.row_names()[nearest], "row 30");
}

TEST(TrainingRowsTest, OfManyRowsASampleIsCompared) {
  const auto rows = testing::correlated(5000, 3, 0.8, 1, 1);
  KDEClassifier classifier({.n_pca_components = 2});
  ASSERT_TRUE(classifier.fit(rows));
  classifier.remember_rows(rows);
  EXPECT_EQ(classifier.trained_on(rows).compared, 1024u);
  EXPECT_EQ(classifier.trained_on(rows).equal, 1024u);
  const TrainedOn others = classifier.trained_on(testing::correlated(5000, 3, 0.8, 1, 2));
  EXPECT_EQ(others.equal, 0u);
  // Binomial(5000, 1024 / 5000): 28.5 is its standard deviation.
  EXPECT_NEAR(static_cast<double>(others.compared), 1024, 6 * 28.5);
}

TEST(TrainingRowsTest, WhatDoesNotFitIsRefused) {
  const auto rows = testing::correlated(60, 3, 0.8, 1, 1);
  KDEClassifier classifier({.n_pca_components = 2});
  EXPECT_THROW(classifier.remember_rows(rows), NotFitted);
  ASSERT_TRUE(classifier.fit(rows));
  EXPECT_THROW(classifier.remember_rows(rows, numbered(59)), InvalidParameter);
  EXPECT_THROW(classifier.remember_rows(rows.view().middle_rows(0, 59)), InvalidInput);
  classifier.remember_rows(rows, numbered(60));
  const auto refusal = [&](const std::function<void(StateDict&)>& change) {
    StateDict state = classifier.state_dict();
    change(state);
    return testing::message_of<InvalidInput>([&] { KDEClassifier().load_state_dict(state); });
  };
  EXPECT_NE(refusal([](StateDict& state) {
              state.tensors["training.row_names"].bytes[3] = std::byte{'\n'};
            }).find("training.row_names"),
            std::string::npos);
  EXPECT_NE(refusal([](StateDict& state) {
              auto& bytes = state.tensors["training.row_hashes"].bytes;
              std::reverse(bytes.begin(), bytes.end());
            }).find("training.row_hashes"),
            std::string::npos);
}

}  // namespace
}  // namespace kernad::training_rows_state_test
