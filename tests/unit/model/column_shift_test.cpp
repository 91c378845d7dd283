// Rows of doubles: columns far from zero keep their differences, all others are what they are as float32.
#include "model/column_shift.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "kernad/kde_classifier.hpp"
#include "kernad/scorer.hpp"
#include "kernad/to_embeddings.hpp"
#include "reference/oracle.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using testing::gaussian;

Matrix<double> doubles(EmbeddingsView rows, std::vector<double> offset, double unit = 1) {
  Matrix<double> result(rows.rows(), rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < rows.cols(); ++j) result(i, j) = offset[j] + unit * static_cast<double>(rows.row(i)[j]);
  }
  return result;
}

std::vector<double> choose_shift(const Matrix<double>& rows) {
  return model::choose_shift(linalg::Rows<double>(rows.view()), 1);
}

TEST(ColumnShiftTest, OnlyColumnsFarFromZeroThatFloat32DoesNotHold) {
  const auto rows = gaussian(50, 3, 41);
  EXPECT_TRUE(choose_shift(doubles(rows, {0, 1, -1})).empty());
  const auto whole = testing::map(rows, [](double x, auto, auto) { return std::round(100 * x); });
  EXPECT_TRUE(choose_shift(doubles(whole, {1e6, 1e6, 1e6})).empty()) << "float32 holds every value";
  const auto shift = choose_shift(doubles(rows, {0, 1.7e9, -50}));
  ASSERT_EQ(shift.size(), 3U);
  EXPECT_EQ(shift[0], 0);
  EXPECT_NEAR(shift[1], 1.7e9, 1);
  EXPECT_NEAR(shift[2], -50, 1);
}

TEST(ColumnShiftTest, WhatFloat32HoldsHasTheSameBits) {
  const auto rows = gaussian(80, 4, 42);
  const auto queries = gaussian(30, 4, 43);
  const auto as_doubles = doubles(rows, {0, 0, 0, 0});
  KDEClassifier floats;
  KDEClassifier others;
  ASSERT_TRUE(floats.fit(rows));
  ASSERT_TRUE(others.fit(as_doubles));
  const auto expected = floats.compute_kde_scores(queries, true);
  EXPECT_EQ(others.compute_kde_scores(queries, true), expected);
  EXPECT_EQ(others.compute_kde_scores(doubles(queries, {0, 0, 0, 0}), true), expected);
  EXPECT_EQ(to_safetensors(floats.state_dict()), to_safetensors(others.state_dict()));
}

class FarColumns : public ::testing::Test {
 protected:
  const Embeddings train_ = gaussian(200, 2, 44);
  const Embeddings queries_ = gaussian(40, 2, 45);
  const std::vector<double> offset_ = {1.7e9, 5e5};
  const Matrix<double> far_train_ = doubles(train_, offset_);
  const Matrix<double> far_queries_ = doubles(queries_, offset_);
};

TEST_F(FarColumns, RowsOfTheFitAreKnownByTheirDoubles) {
  KDEClassifier far;
  ASSERT_TRUE(far.fit(far_train_));
  EXPECT_TRUE(far.takes_doubles());
  far.remember_rows(far_train_);
  EXPECT_EQ(far.trained_on(far_train_).equal, 200U);
  // 2^-6 s and 2^-6 m later: the same numbers in float32.
  EXPECT_EQ(far.trained_on(doubles(train_, {1.7e9 + 1.0 / 64, 5e5 + 1.0 / 64})).equal, 0U);
}

TEST_F(FarColumns, ScoreAsNearTheOrigin) {
  KDEClassifier near;
  KDEClassifier far;
  ASSERT_TRUE(near.fit(train_));
  ASSERT_TRUE(far.fit(far_train_));
  const auto expected = near.compute_kde_scores(queries_, true);
  const auto scores = far.compute_kde_scores(far_queries_, true);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_NEAR(scores[i], expected[i], std::max(1e-4, 1e-6 * std::abs(expected[i]))) << i;
  }
  EXPECT_EQ(far.predict(far_queries_), KDEClassifier::compute_probabilities(scores));
  Scorer scorer(far, 1);
  std::vector<double> again(scores.size());
  scorer.log_density(far_queries_, again);
  EXPECT_EQ(again, scores);
}

TEST_F(FarColumns, AreCalibratedExplainedAndSaved) {
  for (const bool automatic : {false, true}) {
    KDEClassifier near({.automatic = automatic});
    KDEClassifier far({.automatic = automatic});
    ASSERT_TRUE(near.fit(train_));
    ASSERT_TRUE(far.fit(far_train_));
    near.calibrate(train_);
    far.calibrate(far_train_);
    for (std::size_t i = 0; i < 200; ++i) {
      EXPECT_NEAR(far.calibration().log_densities()[i], near.calibration().log_densities()[i], 2e-4);
    }
    const auto row = far_queries_.view().middle_rows(7, 1);
    const auto why = far.explain(row);
    EXPECT_NEAR(why.columns[0].value, row.row(0)[0], 1e-6);
    EXPECT_NEAR(why.columns[0].expected - offset_[0],
                near.explain(queries_.view().middle_rows(7, 1)).columns[0].expected, 1e-3);
    const auto state = far.state_dict();
    EXPECT_EQ(state.metadata.at("format_version"), "4");
    KDEClassifier loaded;
    loaded.load_state_dict(state);
    EXPECT_EQ(loaded.compute_kde_scores(far_queries_, true), far.compute_kde_scores(far_queries_, true));
    far.calibrate_from(far_queries_);
    EXPECT_EQ(far.calibration().size(), 40U);
  }
}

TEST_F(FarColumns, RowsOfFloatAreTakenInTheSameUnits) {
  KDEClassifier far;
  ASSERT_TRUE(far.fit(doubles(train_, {5e5, 5e5})));
  const auto queries = doubles(queries_, {5e5, 5e5});
  const auto rounded = to_embeddings(queries);
  Matrix<double> exact(rounded.rows(), rounded.cols());
  for (std::size_t i = 0; i < exact.rows(); ++i) {
    for (std::size_t j = 0; j < exact.cols(); ++j) exact(i, j) = rounded(i, j);
  }
  EXPECT_EQ(far.compute_kde_scores(rounded, true), far.compute_kde_scores(exact, true));
}

TEST_F(FarColumns, ConstantOnesAreNotOutsideForRounding) {
  auto train = doubles(train_, {0, 0});
  for (std::size_t i = 0; i < train.rows(); ++i) train(i, 1) = 1700000000.1;
  KDEClassifier far;
  ASSERT_TRUE(far.fit(train));
  Matrix<double> query({0, 1700000000.1}, 1, 2);
  EXPECT_EQ(far.outside(query)[0], 0);
  EXPECT_EQ(far.outside(to_embeddings(query))[0], 0);
  query(0, 1) = 1.8e9;
  EXPECT_GT(far.outside(query)[0], 1);
}

TEST(ColumnShiftTest, WhatIsNoNumberIsNamed) {
  auto rows = doubles(gaussian(20, 2, 46), {0, 0});
  const auto message = [&](double value) {
    rows(3, 1) = value;
    try {
      KDEClassifier classifier;
      (void)classifier.fit(rows);
    } catch (const InvalidInput& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message(1e300), "row 3, column 1: 1e+300 is beyond float32, whose largest value is 3.4028235e+38");
  EXPECT_EQ(message(std::nan("")), "embeddings: row 3, column 1 is nan; every value must be finite");
}

}  // namespace
}  // namespace kernad
