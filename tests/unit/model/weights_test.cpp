// Rows that count more than once, or in part.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "kernad/to_embeddings.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

struct WeightedCase {
  const char* name;
  KDEClassifierOptions options;
  double offset = 0;  // beyond float32, if not 0
};

class Weights : public ::testing::TestWithParam<WeightedCase> {};

constexpr std::size_t kRows = 150;

Matrix<double> some_rows(double offset = 0) {
  const auto rows = testing::correlated(kRows, 6, 0.7, 0.6, 5);
  Matrix<double> result(kRows, 6);
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t j = 0; j < 6; ++j) result(i, j) = static_cast<double>(rows(i, j)) + (j == 2 ? offset : 0);
  }
  return result;
}

/// 0, 1, 2 or 3.
std::vector<double> whole_weights() {
  std::vector<double> weights(kRows);
  for (std::size_t i = 0; i < kRows; ++i) weights[i] = static_cast<double>((i * 7 + i / 9) % 4);
  return weights;
}

Matrix<double> repeated(const Matrix<double>& rows, const std::vector<double>& weights) {
  std::vector<double> values;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (double n = 0; n < weights[i]; ++n) values.insert(values.end(), rows.row(i).begin(), rows.row(i).end());
  }
  const std::size_t count = values.size() / rows.cols();
  return {std::move(values), count, rows.cols()};
}

std::vector<std::string> names_of(const std::vector<double>& weights, bool repeat) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    for (double n = 0; n < (repeat ? weights[i] : 1); ++n) names.push_back("part " + std::to_string(i));
  }
  return names;
}

TEST_P(Weights, WholeOnesHaveTheBitsOfRepeatedRows) {
  const WeightedCase& some = GetParam();
  const auto rows = some_rows(some.offset);
  const auto weights = whole_weights();
  const auto again = repeated(rows, weights);
  KDEClassifier by_rows(some.options);
  ASSERT_TRUE(by_rows.fit(again));
  const auto held_out = by_rows.calibrate(again, 5);
  by_rows.remember_rows(to_embeddings(again), names_of(weights, true));

  KDEClassifier by_weights(some.options);
  ASSERT_TRUE(by_weights.fit(rows, weights));
  EXPECT_EQ(by_weights.calibrate(rows, weights, 5), held_out);
  by_weights.remember_rows(to_embeddings(rows), weights, names_of(weights, false));

  EXPECT_EQ(by_weights.row_names(), by_rows.row_names());
  EXPECT_EQ(to_safetensors(by_weights.state_dict()), to_safetensors(by_rows.state_dict()));
  EXPECT_EQ(by_weights.compute_kde_scores(rows, true), by_rows.compute_kde_scores(rows, true));
}

INSTANTIATE_TEST_SUITE_P(
    Options, Weights,
    ::testing::Values(WeightedCase{"plain", {.n_pca_components = 4}},
                      WeightedCase{"sampled", {.n_pca_components = 4, .max_training_points = 90, .seed = 9}},
                      WeightedCase{"norm", {.feature_scaling_method = FeatureScalingMethod::norm}},
                      WeightedCase{"shrunk", {.standardize = true, .kde = {.covariance = Covariance::ledoit_wolf}}},
                      WeightedCase{"loo", {.kde = {.bandwidth = Bandwidth::loo(), .local_alpha = 1}}},
                      WeightedCase{"automatic", {.automatic = true}},
                      WeightedCase{"automatic_sampled", {.max_training_points = 90, .automatic = true}},
                      WeightedCase{"doubles", {.n_pca_components = 4, .max_training_points = 90}, 1.7e9}),
    [](const auto& param) { return std::string(param.param.name); });

/// Of a model with weights that are no whole numbers and one of repeated rows that must be the same up to rounding.
void expect_same_density(const KDEClassifierOptions& options) {
  const auto rows = some_rows();
  auto weights = whole_weights();
  KDEClassifier by_rows(options);
  ASSERT_TRUE(by_rows.fit(to_embeddings(repeated(rows, weights))));
  // A row in two parts is the row, and 0.5 is no whole number.
  Embeddings split(kRows + 1, 6);
  for (std::size_t i = 0; i < kRows; ++i) std::ranges::copy(to_embeddings(rows).row(i), split.row(i).begin());
  std::ranges::copy(split.row(1), split.row(kRows).begin());
  weights[1] -= 0.5;
  weights.push_back(0.5);
  ASSERT_EQ(weights[1], 2.5);
  KDEClassifier by_weights(options);
  ASSERT_TRUE(by_weights.fit(split, weights));
  EXPECT_NEAR(by_weights.report().bandwidth_factor, by_rows.report().bandwidth_factor, 1e-12);
  const auto expected = by_rows.compute_kde_scores(rows, true);
  const auto scores = by_weights.compute_kde_scores(rows, true);
  // Each within 1e-4 of the formula, or 1e-6 of its value (docs/numerics.md).
  for (std::size_t i = 0; i < kRows; ++i) {
    EXPECT_NEAR(scores[i], expected[i], 2 * std::max(1e-4, 1e-6 * std::abs(expected[i]))) << "row " << i;
  }
}

TEST(WeightsTest, FractionsCountInEveryEstimate) {
  for (const Covariance covariance :
       {Covariance::full, Covariance::ledoit_wolf, Covariance::oas, Covariance::isotropic}) {
    for (const bool standardize : {false, true}) {
      SCOPED_TRACE(to_string(covariance));
      expect_same_density({.n_pca_components = 4, .standardize = standardize, .kde = {.covariance = covariance}});
    }
  }
  expect_same_density({.n_pca_components = 0.9, .kde = {.bandwidth = Bandwidth::silverman()}});
  expect_same_density({.kde = {.bandwidth = 1e-6}});  // references in double
}

TEST(WeightsTest, FractionsAreInTheFileAndInTheExplanation) {
  const auto rows = to_embeddings(some_rows());
  std::vector<double> weights(kRows, 0.5);
  weights[7] = 300;
  KDEClassifier classifier({.n_pca_components = 3});
  ASSERT_TRUE(classifier.fit(rows, weights));
  EXPECT_EQ(classifier.report().rows_used, kRows);
  const auto state = classifier.state_dict();
  EXPECT_EQ(state.metadata.at("format_version"), "5");
  KDEClassifier loaded;
  loaded.load_state_dict(state);
  EXPECT_EQ(loaded.compute_kde_scores(rows, true), classifier.compute_kde_scores(rows, true));
  EXPECT_EQ(to_safetensors(loaded.state_dict()), to_safetensors(state));
  loaded.set_pruning(false);
  const auto pruned = classifier.compute_kde_scores(rows, true);
  const auto full = loaded.compute_kde_scores(rows, true);
  for (std::size_t i = 0; i < kRows; ++i) EXPECT_NEAR(full[i], pruned[i], 2e-4);
  const auto why = classifier.explain(rows.view().middle_rows(7, 1), 2);
  EXPECT_EQ(why.neighbours[0].row, 7U);
  EXPECT_GT(why.neighbours[0].weight, 0.99);
}

TEST(WeightsTest, FractionsAreRefusedWhereRowsMustBeTold) {
  const auto rows = to_embeddings(some_rows());
  const std::vector<double> weights(kRows, 0.5);
  for (const KDEClassifierOptions& options :
       {KDEClassifierOptions{.automatic = true}, KDEClassifierOptions{.kde = {.bandwidth = Bandwidth::loo()}},
        KDEClassifierOptions{.kde = {.local_alpha = 1}}, KDEClassifierOptions{.max_training_points = 100}}) {
    EXPECT_THROW((void)KDEClassifier(options).fit(rows, weights), InvalidParameter);
  }
  KDEClassifier classifier({.n_pca_components = 3});
  ASSERT_TRUE(classifier.fit(rows, weights));
  EXPECT_THROW((void)classifier.calibrate(rows, weights), InvalidParameter);
  EXPECT_THROW((void)classifier.calibrate(rows), InvalidParameter);
  classifier.calibrate_from(rows);
  EXPECT_TRUE(classifier.is_calibrated());
}

}  // namespace
}  // namespace kernad
