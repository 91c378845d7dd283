// Rows that leave the subspace of the training rows: found, refused by a calibrated verdict, explained.
#include "subspace/subspace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "kernad/kde_classifier.hpp"
#include "kernad/state_dict.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using testing::gaussian;

Embeddings rows_of(std::vector<float> values, std::size_t cols) {
  const std::size_t rows = values.size() / cols;
  return {std::move(values), rows, cols};
}

KDEClassifier calibrated(EmbeddingsView train, const KDEClassifierOptions& options = {}, double fpr = 0.1) {
  KDEClassifier classifier(options);
  EXPECT_TRUE(classifier.fit(train));
  classifier.calibrate(train);
  classifier.set_target_fpr(fpr);
  return classifier;
}

std::vector<std::uint8_t> labels(const KDEClassifier& classifier, EmbeddingsView rows) {
  return classifier.threshold().labels(classifier.compute_kde_scores(rows, true));
}

/// Two constant columns, one of them 0, and one that varies.
Embeddings with_constants() {
  return testing::map(gaussian(100, 3, 11),
                      [](double x, auto, std::size_t j) { return j == 2 ? x : static_cast<double>(j); });
}

/// Three columns whose sum is 100 to the rounding of float32.
Embeddings with_a_sum(std::size_t rows, std::uint64_t seed) {
  auto result = testing::map(gaussian(rows, 3, seed), [](double x, auto, auto) { return 30 + 3 * x; });
  for (std::size_t i = 0; i < rows; ++i) result(i, 2) = 100 - result(i, 0) - result(i, 1);
  return result;
}

class SubspaceVerdict : public ::testing::TestWithParam<bool> {};

TEST_P(SubspaceVerdict, ConstantColumnsThatChangeAreAnomalous) {
  const auto classifier = calibrated(with_constants(), {.automatic = GetParam()});
  const auto queries = rows_of({0, 1, 0, 50, 1, 0, 0, -9, 0, 1e6F, 1e6F, 0}, 3);
  EXPECT_EQ(labels(classifier, queries), (std::vector<std::uint8_t>{0, 1, 1, 1}));
  const auto p_values = classifier.calibration().p_values(classifier.compute_kde_scores(queries, true));
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(p_values[i], 1.0 / 101);
  const auto scores = classifier.compute_kde_scores(queries, true);
  EXPECT_LT(scores[3], scores[1]) << "farther outside is less dense";
}

TEST_P(SubspaceVerdict, DependentColumnsThatPartAreAnomalous) {
  const auto line =
      testing::map(gaussian(100, 2, 12), [](auto, std::size_t i, auto) { return static_cast<double>(i); });
  EXPECT_EQ(labels(calibrated(line, {.automatic = GetParam()}), rows_of({50, 50, 50, 80, 80, 20, 1000, -900}, 2)),
            (std::vector<std::uint8_t>{0, 1, 1, 1}));
  EXPECT_EQ(labels(calibrated(with_a_sum(200, 13), {.automatic = GetParam()}),
                   rows_of({30, 30, 40, 31, 29, 40, 31, 31, 40, 30, 30, 30}, 3)),
            (std::vector<std::uint8_t>{0, 0, 1, 1}));
}

INSTANTIATE_TEST_SUITE_P(Both, SubspaceVerdict, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "automatic" : "reference"; });

TEST(SubspaceTest, ExplainNamesColumnsAndTrainingValues) {
  const auto constants = calibrated(with_constants());
  const auto dead = constants.explain(rows_of({50, 1, 0}, 3));
  EXPECT_GT(dead.outside, 1);
  EXPECT_EQ(dead.columns[0].value, 50);
  EXPECT_EQ(dead.columns[0].expected, 0);
  EXPECT_EQ(dead.columns[0].share, 1);
  EXPECT_EQ(dead.columns[1].share, 0);
  EXPECT_EQ(dead.columns[2].share, 0);

  const auto both = constants.explain(rows_of({0, 1e6F, 0}, 3));
  EXPECT_EQ(both.columns[1].expected, 1);

  const auto line =
      testing::map(gaussian(100, 2, 12), [](auto, std::size_t i, auto) { return static_cast<double>(i); });
  const auto parted = calibrated(line).explain(rows_of({50, 80}, 2));
  for (const auto& column : parted.columns) {
    EXPECT_NEAR(column.expected, 65, 1e-9);
    EXPECT_NEAR(column.share, 0.5, 1e-9);
  }
  EXPECT_EQ(constants.explain(rows_of({0, 1, 0.5F}, 3)).outside, 0);
}

TEST(SubspaceTest, WhatLiesInsideKeepsItsBits) {
  const auto train = with_a_sum(200, 14);
  const auto queries = with_a_sum(50, 15);
  KDEClassifier plain;
  ASSERT_TRUE(plain.fit(train));
  const auto before = plain.compute_kde_scores(queries, true);
  const auto outside = rows_of({30, 30, 30}, 3);
  const auto unjudged = plain.compute_kde_scores(outside, true);
  EXPECT_EQ(plain.outside(queries), std::vector<double>(50)) << "rounding is not outside";
  EXPECT_GT(plain.outside(outside)[0], 1);
  plain.calibrate(train);
  EXPECT_EQ(plain.compute_kde_scores(queries, true), before);
  EXPECT_LT(plain.compute_kde_scores(outside, true)[0], unjudged[0]) << "only a calibrated model judges";
}

TEST(SubspaceTest, UnitsOfColumnsDoNotMatter) {
  // A change of 1 in a column of zeros next to one of 1e9: beyond what a rank of the whole table could see.
  const auto train = testing::map(gaussian(100, 3, 16), [](double x, auto, std::size_t j) {
    return j == 0 ? 1e9 * x : j == 1 ? 0.0 : x;
  });
  EXPECT_EQ(labels(calibrated(train), rows_of({0, 0, 0, 0, 1, 0}, 3)), (std::vector<std::uint8_t>{0, 1}));
}

TEST(SubspaceTest, FewRowsShowConstantsAlone) {
  // 20 rows of 30 columns span 19 dimensions whatever they are drawn from.
  const auto train = testing::map(gaussian(20, 30, 17), [](double x, auto, std::size_t j) { return j == 7 ? 3.0 : x; });
  KDEClassifier classifier;
  ASSERT_TRUE(classifier.fit(train));
  auto query = testing::map(gaussian(1, 30, 18), [](double x, auto, std::size_t j) { return j == 7 ? 3.0 : x; });
  EXPECT_EQ(classifier.outside(query)[0], 0);
  query(0, 7) = 4;
  EXPECT_GT(classifier.outside(query)[0], 1);
}

/// Sparse columns, each 0 in all rows but some one in 40: a held-out row often leaves what the others span.
Embeddings sparse(std::size_t rows, testing::Random& random) {
  Embeddings result(rows, 12);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < 12; ++j) {
      const bool set = j < 2 || random.uniform() < 1.0 / 40;
      result(i, j) = set ? static_cast<float>(random.normal()) : 0.0F;
    }
  }
  return result;
}

TEST(SubspaceTest, TheTargetRateHoldsWhereNormalRowsLeaveTheSubspace) {
  // The mean over draws has a standard error of at most sqrt(0.1 * 0.9 / (n + 2) / draws), see conformal_validity_test.
  testing::Random random(19);
  constexpr std::size_t kDraws = 200;
  double sum = 0;
  std::size_t outside = 0;
  for (std::size_t draw = 0; draw < kDraws; ++draw) {
    const auto classifier = calibrated(sparse(40, random), {.n_pca_components = 4});
    const auto further = sparse(50, random);
    const auto called = labels(classifier, further);
    sum += std::accumulate(called.begin(), called.end(), 0.0) / 50;
    for (const double distance : classifier.outside(further)) outside += distance > 0;
  }
  EXPECT_GT(outside, kDraws * 50 / 20) << "the case is there";
  EXPECT_LE(sum / kDraws, 0.1 + 4 * std::sqrt(0.09 / 42 / kDraws));
}

TEST(SubspaceTest, ModelFilesKeepIt) {
  for (const bool automatic : {false, true}) {
    const auto classifier = calibrated(with_a_sum(200, 20), {.automatic = automatic});
    const auto state = classifier.state_dict();
    EXPECT_EQ(state.metadata.at("format_version"), "4");
    KDEClassifier loaded;
    loaded.load_state_dict(from_safetensors(to_safetensors(state)));
    const auto queries = rows_of({30, 30, 40, 31, 31, 40, 1e30F, 0, 0}, 3);
    EXPECT_EQ(loaded.compute_kde_scores(queries, true), classifier.compute_kde_scores(queries, true));
    EXPECT_EQ(loaded.outside(queries), classifier.outside(queries));
  }
  KDEClassifier uncalibrated;
  ASSERT_TRUE(uncalibrated.fit(with_constants()));
  EXPECT_EQ(uncalibrated.state_dict().metadata.at("format_version"), "1") << "old readers score it as it is";
}

TEST(SubspaceTest, AForgedOneIsRefused) {
  const auto state = calibrated(with_a_sum(200, 20)).state_dict();
  const auto with = [&](const std::string& name, std::vector<double> values, std::vector<std::size_t> shape) {
    StateDict forged = state;
    forged.tensors[name] = Tensor::from(std::span<const double>(values), std::move(shape));
    KDEClassifier classifier;
    classifier.load_state_dict(forged);
  };
  EXPECT_THROW(with("subspace.scale", {1, 1}, {2}), InvalidInput);
  EXPECT_THROW(with("subspace.scale", {1, 0, 1}, {3}), InvalidInput);
  EXPECT_THROW(with("subspace.largest", {1, -1, 1}, {3}), InvalidInput);
  EXPECT_THROW(with("subspace.axes", {2, 0, 0}, {1, 3}), InvalidInput);
  EXPECT_THROW(with("subspace.noise", {-1}, {1}), InvalidInput);
  EXPECT_THROW(with("subspace.inside_tail", {1e200}, {1}), InvalidInput);
}

TEST(SubspaceTest, FarRowsStayFiniteAndOrdered) {
  const auto classifier = calibrated(with_a_sum(200, 21));
  double last = std::numeric_limits<double>::infinity();
  for (const float far : {40.0F, 1e3F, 1e10F, 1e20F, 3e38F}) {
    const double score = classifier.compute_kde_scores(rows_of({far, 30, 30}, 3), true)[0];
    EXPECT_TRUE(std::isfinite(score));
    EXPECT_LT(score, last);
    last = score;
  }
}

}  // namespace
}  // namespace kernad
