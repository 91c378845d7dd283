// The promise by simulation, and what a comparison finds.
#include "kernad/comparison.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "comparison/known_columns.hpp"
#include "comparison/two_sample.hpp"
#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using testing::gaussian;

constexpr double kDeviations = 4;  // 1 of 30,000 tests of a true promise fails; the seeds are fixed

double tolerated(double rate, std::size_t draws) {
  return kDeviations * std::sqrt(rate * (1 - rate) / static_cast<double>(draws));
}

KDEClassifier fitted(EmbeddingsView rows, const KDEClassifierOptions& options) {
  KDEClassifier classifier(options);
  EXPECT_TRUE(classifier.fit(rows));
  return classifier;
}

KDEClassifierOptions all_components() { return {.n_pca_components = ComponentCount::all()}; }
KDEClassifierOptions standardized() { return {.n_pca_components = 3, .standardize = true}; }
KDEClassifierOptions automatic() {
  KDEClassifierOptions options;
  options.automatic = true;
  return options;
}

ComparisonResult compare(const KDEClassifier& classifier, EmbeddingsView rows, double alpha = 0.01) {
  Comparison comparison(classifier);
  comparison.add(rows);
  return comparison.result(alpha);
}

struct Rates {
  double scores = 0;   ///< with a p-value of at most alpha / 2
  double columns = 0;  ///< the same
  double drift = 0;
};

/// Shares of draws without drift.
Rates rates_without_drift(std::size_t draws, double alpha, const auto& draw_model) {
  Rates rates;
  for (std::size_t i = 0; i < draws; ++i) {
    const auto result = compare(draw_model(3 * i), gaussian(50, 4, 3 * i + 2), alpha);
    const auto moved = [&](const ColumnDifference& column) { return column.adjusted_p_value <= alpha / 2; };
    rates.scores += result.scores.p_value <= alpha / 2 ? 1.0 / static_cast<double>(draws) : 0;
    rates.columns += std::ranges::any_of(result.columns, moved) ? 1.0 / static_cast<double>(draws) : 0;
    rates.drift += result.drift ? 1.0 / static_cast<double>(draws) : 0;
    EXPECT_EQ(result.drift, result.scores.p_value <= alpha / 2 || std::ranges::any_of(result.columns, moved));
  }
  return rates;
}

TEST(ComparisonTest, RealisesAlphaAfterSplitCalibration) {
  constexpr std::size_t kDraws = 2000;
  constexpr double kAlpha = 0.2;
  for (const auto& options : {all_components(), standardized()}) {
    const auto rates = rates_without_drift(kDraws, kAlpha, [&](std::size_t seed) {
      auto classifier = fitted(gaussian(40, 4, seed), options);
      classifier.calibrate_from(gaussian(30, 4, seed + 1));
      return classifier;
    });
    // The scores' test is exact: its level is the largest that 30 and 50 rows have at or below alpha / 2. With three of
    // four components, the judge of residuals is not quite one for exchangeable rows (docs/calibration.md).
    using namespace comparison;
    const double level = p_value({critical_steps(30, 50, kAlpha / 2, Sides::two), 30, 50}, Sides::two);
    EXPECT_GT(level, 0.08);
    EXPECT_NEAR(rates.scores, level, tolerated(level, kDraws));
    EXPECT_LT(rates.columns, kAlpha / 2 + tolerated(kAlpha / 2, kDraws));
    EXPECT_GT(rates.columns, 0.04);  // not void
    EXPECT_LT(rates.drift, kAlpha + tolerated(kAlpha, kDraws));
  }
}

TEST(ComparisonTest, KeepsAlphaAfterCrossConformalCalibration) {
  constexpr std::size_t kDraws = 400;
  constexpr double kAlpha = 0.2;
  const auto rates = rates_without_drift(kDraws, kAlpha, [&](std::size_t seed) {
    const auto rows = gaussian(40, 4, seed);
    auto classifier = fitted(rows, all_components());
    classifier.calibrate(rows);
    return classifier;
  });
  EXPECT_LT(rates.scores, kAlpha / 2 + tolerated(kAlpha / 2, kDraws));
  EXPECT_GT(rates.scores, 0);
  EXPECT_LT(rates.drift, kAlpha + tolerated(kAlpha, kDraws));
}

/// Ten columns of which one has moved by `shift` of its standard deviations.
Embeddings moved(std::size_t rows, std::size_t column, double shift, std::uint64_t seed) {
  return testing::map(gaussian(rows, 10, seed), [&](double x, std::size_t, std::size_t j) {
    return (x + (j == column ? shift : 0)) * std::pow(3, static_cast<double>(j)) + 5;
  });
}

TEST(ComparisonTest, FindsAndNamesTheColumnThatMoved) {
  const auto train = moved(400, 10, 0, 1);
  for (const auto& options : {all_components(), standardized(), automatic()}) {
    auto classifier = fitted(train, options);
    classifier.calibrate(train);
    for (const std::size_t column : {0U, 6U}) {
      const auto result = compare(classifier, moved(300, column, 0.5, 2 + column));
      EXPECT_TRUE(result.drift);
      EXPECT_EQ(result.column_test,
                options.n_pca_components == ComponentCount(3) ? ColumnTest::means : ColumnTest::distributions);
      for (const ColumnDifference& found : result.columns) {
        EXPECT_EQ(found.adjusted_p_value <= 0.005, found.column == column) << found.column;
        ASSERT_TRUE(found.shift);
        EXPECT_NEAR(*found.shift, found.column == column ? 0.5 : 0, 4 * std::sqrt(1 / 300.0 + 1 / 400.0));
      }
    }
    EXPECT_FALSE(compare(classifier, moved(300, 10, 0, 77)).drift);
  }
}

TEST(ComparisonTest, FindsRowsThatAreRarer) {
  const auto train = gaussian(300, 6, 1);
  auto classifier = fitted(train, all_components());
  classifier.calibrate(train);
  const auto wide = testing::map(gaussian(300, 6, 2), [](double x, std::size_t, std::size_t) { return 1.3 * x; });
  const auto result = compare(classifier, wide);
  EXPECT_TRUE(result.drift);
  EXPECT_LT(result.scores.p_value, 1e-6);
  EXPECT_GT(result.scores.share_of_rows, result.scores.share_expected);
  EXPECT_NEAR(result.scores.share_of_rows - result.scores.share_expected, result.scores.distance, 1e-12);
  EXPECT_GE(result.scores.distance, result.scores.smallest_distance);
  // Rows a little nearer to the middle are what held-out rows make of new ones: only a calibration on other rows lets
  // them count. Rows all in the middle always count.
  const auto nearer = [](double factor) {
    return testing::map(gaussian(300, 6, 3), [&](double x, std::size_t, std::size_t) { return factor * x; });
  };
  const auto little = compare(classifier, nearer(0.85));
  EXPECT_EQ(little.allowance, 0.5);
  EXPECT_GT(little.scores.p_value, 0.1);
  EXPECT_LT(little.two_sided.p_value, 1e-3);
  const auto stuck = compare(classifier, nearer(0.1));
  EXPECT_LT(stuck.scores.p_value, 1e-6);
  EXPECT_LT(stuck.scores.share_of_rows, stuck.scores.share_expected);
  EXPECT_GE(stuck.scores.distance, stuck.scores.smallest_distance);
  classifier.calibrate_from(gaussian(300, 6, 4));
  const auto both = compare(classifier, nearer(0.85));
  EXPECT_EQ(both.allowance, 0);
  EXPECT_LT(both.scores.p_value, 1e-3);
}

TEST(ComparisonTest, NeitherOrderNorBlocksNorThreadsChangeABit) {
  const auto train = moved(200, 10, 0, 1);
  const auto rows = moved(150, 3, 0.2, 2);
  Embeddings reversed(rows.rows(), rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    std::ranges::copy(rows.row(rows.rows() - 1 - i), reversed.row(i).begin());
  }
  for (const auto& options : {all_components(), standardized()}) {
    auto classifier = fitted(train, options);
    classifier.calibrate(train);
    const auto want = compare(classifier, rows);
    for (const std::size_t block : {1U, 7U, 150U}) {
      Comparison comparison(classifier, block == 7 ? 3 : 1);
      for (std::size_t i = 0; i < rows.rows(); i += block) {
        comparison.add(reversed.view().middle_rows(i, std::min<std::size_t>(block, rows.rows() - i)));
      }
      const auto got = comparison.result();
      EXPECT_EQ(got.p_value, want.p_value);
      EXPECT_EQ(got.scores.distance, want.scores.distance);
      for (std::size_t j = 0; j < 10; ++j) {
        EXPECT_EQ(got.columns[j].shift, want.columns[j].shift);
        EXPECT_EQ(got.columns[j].distance, want.columns[j].distance);
        EXPECT_EQ(got.columns[j].p_value, want.columns[j].p_value);
      }
    }
  }
}

TEST(ComparisonTest, ColumnsWithTiesAndConstantOnes) {
  const auto discrete = [](std::size_t rows, std::uint64_t seed, double constant) {
    return testing::map(gaussian(rows, 5, seed), [&](double x, std::size_t, std::size_t j) {
      if (j == 0) return constant;
      if (j == 1) return x > 1.5 ? 1.0 : 0.0;
      return j == 2 ? 1e6 + std::round(2 * x) : 1e-3 * std::exp(3 * x);
    });
  };
  const auto train = discrete(500, 1, 0.1);
  for (const auto& options : {all_components(), automatic()}) {
    auto classifier = fitted(train, options);
    classifier.calibrate_from(discrete(200, 2, 0.1));
    const auto alike = compare(classifier, discrete(400, 3, 0.1));
    EXPECT_FALSE(alike.drift) << alike.p_value;
    EXPECT_EQ(alike.columns[0].p_value, 1);
    EXPECT_FALSE(alike.columns[0].shift);
    // The same rows: nothing is lost on the way through the model.
    for (const auto& column : compare(classifier, train).columns) {
      EXPECT_LE(*column.distance, 2e-3) << column.column;
    }
    const auto changed = compare(classifier, discrete(400, 3, 0.1000001));
    EXPECT_EQ(*changed.columns[0].distance, 1);
    EXPECT_LT(changed.columns[0].adjusted_p_value, 1e-9);
  }
}

TEST(ComparisonTest, DoublesFarFromZero) {
  const auto coordinates = [](std::size_t rows, double shift, std::uint64_t seed) {
    const auto near = gaussian(rows, 3, seed);
    Matrix<double> far(rows, 3);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < 3; ++j) far(i, j) = 5e8 + 0.01 * (near(i, j) + (j == 2 ? shift : 0));
    }
    return far;
  };
  auto classifier = KDEClassifier(all_components());
  const auto train = coordinates(300, 0, 1);
  ASSERT_TRUE(classifier.fit(train));
  classifier.calibrate(train);
  for (const double shift : {0.0, 0.7}) {
    Comparison comparison(classifier);
    comparison.add(coordinates(200, shift, 2));
    const auto result = comparison.result();
    EXPECT_EQ(result.drift, shift != 0);
    EXPECT_NEAR(*result.columns[2].shift, shift, 0.4);
    EXPECT_EQ(result.columns[2].adjusted_p_value < 0.005, shift != 0);
  }
}

TEST(ComparisonTest, SaysWhatItCannotTell) {
  const auto train = gaussian(20, 4, 1);
  auto classifier = fitted(train, all_components());
  EXPECT_THROW(Comparison{classifier}, NotFitted);
  EXPECT_THROW(Comparison{KDEClassifier()}, NotFitted);
  classifier.calibrate(train);
  const auto message = [&](std::size_t rows, double alpha) -> std::string {
    try {
      (void)compare(classifier, gaussian(rows, 4, 2), alpha);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  // 2 / C(23, 3) = 0.0011 is at most alpha / 2, 2 / C(22, 2) = 0.0087 is not.
  EXPECT_EQ(message(3, 0.01), "");
  EXPECT_EQ(message(2, 0.01),
            "2 rows are too few: no difference from the 20 calibration rows can be significant at 0.01; at least 3 are "
            "needed");
  EXPECT_EQ(message(5, 1.5), "alpha is 1.5; valid: above 0 and below 1");
  EXPECT_THROW(compare(classifier, gaussian(5, 4, 2), std::numeric_limits<double>::quiet_NaN()), InvalidParameter);
  EXPECT_THROW(compare(classifier, gaussian(5, 3, 2)), InvalidInput);
  Comparison comparison(classifier);
  auto broken = gaussian(5, 4, 2);
  broken(4, 3) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(comparison.add(broken), InvalidInput);
  EXPECT_THROW((void)comparison.result(), InvalidInput);  // nothing of it counts
}

TEST(ComparisonTest, WeightedRowsAreComparedByScoresAlone) {
  const auto train = gaussian(50, 3, 1);
  std::vector<double> weights(50, 1.5);
  weights[0] = 2.5;
  KDEClassifier classifier(all_components());
  ASSERT_TRUE(classifier.fit(train, weights));
  classifier.calibrate_from(gaussian(50, 3, 2));
  const auto result = compare(classifier, gaussian(50, 3, 3));
  EXPECT_EQ(result.column_test, ColumnTest::none);
  EXPECT_TRUE(result.columns.empty());
  EXPECT_FALSE(result.drift);
}

}  // namespace
}  // namespace kernad
