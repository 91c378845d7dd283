#include "kernad/gaussian_kde.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <set>
#include <vector>

#include "kde/density_scorer.hpp"
#include "reference/oracle.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using testing::correlated;
using testing::gaussian;
using testing::map;

void expect_like_oracle(const GaussianKDE& kde, const oracle::Density& expected, EmbeddingsView queries) {
  const auto scores = kde.log_density(queries);
  ASSERT_EQ(kde.rank(), expected.rank());
  const auto rows = oracle::to_rows(queries);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto value = expected.log_density(rows[i]);
    EXPECT_NEAR(scores[i], static_cast<double>(value), static_cast<double>(oracle::allowed_error(value)))
        << "query " << i;
  }
}

void expect_like_oracle(EmbeddingsView train, EmbeddingsView queries) {
  GaussianKDE kde;
  kde.fit(train);
  expect_like_oracle(kde, oracle::Density(oracle::to_rows(train)), queries);
}

TEST(GaussianKDETest, TwoPointsOnALineByHand) {
  // x = -1, 1: variance 2 (N - 1), h = 2^(-1/5). p(0) = N(0; 1, 2 h^2).
  GaussianKDE kde;
  kde.fit(Embeddings({-1, 1}, 2, 1));
  const double h = std::pow(2.0, -0.2);
  EXPECT_DOUBLE_EQ(kde.bandwidth_factor(), h);
  const double variance = 2 * h * h;
  const double expected = -0.5 / variance - 0.5 * std::log(2 * std::numbers::pi * variance);
  // 2^x in float32 is accurate to 2.6e-6, so a log-density of two equal terms can be off by that much.
  EXPECT_NEAR(kde.log_density(Embeddings({0}, 1, 1))[0], expected, 4e-6);
  EXPECT_NEAR(kde.density(Embeddings({0}, 1, 1))[0], std::exp(expected), 4e-6);
  EXPECT_EQ(kde.forward(Embeddings({0}, 1, 1)), kde.density(Embeddings({0}, 1, 1)));
}

TEST(GaussianKDETest, MatchesTheOracleAcrossDimensions) {
  for (const std::size_t k : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31}) {
    SCOPED_TRACE(k);
    expect_like_oracle(correlated(150, k, 0.8, 0.5, k), correlated(40, k, 0.9, 0.4, 100 + k));
  }
}

TEST(GaussianKDETest, EveryCountOfReferencesMatchesTheOracle) {
  for (const std::size_t n : {2, 3, 15, 16, 17, 31, 32, 33, 511, 512, 513, 1025}) {
    SCOPED_TRACE(n);
    expect_like_oracle(gaussian(n, 1, n), gaussian(20, 1, n + 1));
  }
}

TEST(GaussianKDETest, FarOutliersStayWithinTheBound) {
  const auto train = correlated(200, 5, 0.7, 0, 3);
  for (const double sigma : {1e1, 1e2, 1e3, 1e4, 1e8, 1e16, 1e30}) {
    SCOPED_TRACE(sigma);
    expect_like_oracle(train, map(gaussian(10, 5, 4), [&](double x, auto, auto) { return x * sigma; }));
  }
}

TEST(GaussianKDETest, EveryDistanceBetweenNearAndFarMatchesTheOracle) {
  // Where the sum changes from one shift of the exponents to the next, and from expanded distances to differences to
  // double: factors of 1.2 step over all of these limits in 2, 16 and 64 dimensions.
  for (const std::size_t k : {2, 16, 64}) {
    const auto train = correlated(700, k, 0.97, 0, k);
    const auto directions = correlated(4, k, 0.97, 0, k + 1);
    GaussianKDE kde;
    kde.fit(train);
    const oracle::Density expected(oracle::to_rows(train));
    for (double factor = 0.5; factor < 500; factor *= 1.2) {
      SCOPED_TRACE(std::to_string(k) + " dimensions, factor " + std::to_string(factor));
      expect_like_oracle(kde, expected, map(directions, [&](double x, auto, auto) { return x * factor; }));
    }
  }
}

TEST(GaussianKDETest, RareRowsThatOccurAgainAndAgainAreInliers) {
  // Flags that are seldom set: rows far from the mean whose density is their own copies', so that nothing averages the
  // errors of expanded distances. At worst 1.5e-5 where those are taken, and as much as for anyone else on top.
  for (double threshold = 1.6; threshold < 2.1; threshold += 0.05) {
    SCOPED_TRACE(threshold);
    const auto rows = map(gaussian(2000, 5, 9), [&](double x, auto, auto) { return x > threshold ? 1 : 0; });
    GaussianKDE kde;
    kde.fit(rows);
    const auto scores = kde.log_density(rows);
    const oracle::Density expected(oracle::to_rows(rows));
    std::set<std::vector<float>> seen;
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      if (!seen.insert({rows.row(i).begin(), rows.row(i).end()}).second) continue;
      EXPECT_NEAR(scores[i],
                  static_cast<double>(expected.log_density(oracle::to_rows(rows.view().middle_rows(i, 1))[0])), 2e-5);
    }
  }
}

TEST(GaussianKDETest, ClustersThatAProbeMissesMatchTheOracle) {
  // Far queries close to a single reference that no probe of evenly spread tiles finds: the shift has to step down.
  auto train = correlated(700, 60, 0.99, 0, 21);
  for (std::size_t j = 0; j < 60; ++j) train(333, j) = 15;
  auto queries = correlated(6, 60, 0.99, 0, 22);
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 60; ++j)
      queries(i, j) = static_cast<float>(15 + 0.3 * static_cast<double>(i) * static_cast<double>(queries(i, j)));
  }
  expect_like_oracle(train, queries);
}

TEST(GaussianKDETest, DataFarFromTheOriginKeepTheirPrecision) {
  expect_like_oracle(correlated(200, 4, 0.8, 1e4, 5), correlated(20, 4, 0.8, 1e4, 6));
}

TEST(GaussianKDETest, DuplicatesCountAsOftenAsTheyOccur) {
  auto train = gaussian(60, 3, 7);
  for (std::size_t i = 20; i < 60; ++i) {
    for (std::size_t j = 0; j < 3; ++j) train(i, j) = train(i % 20, j);
  }
  expect_like_oracle(train, gaussian(20, 3, 8));
}

TEST(GaussianKDETest, DirectionsWithoutVarianceAreDropped) {
  // The third column is constant, the fourth twice the first: rank 2 of 4.
  const auto train = map(gaussian(100, 4, 9), [g = gaussian(100, 4, 9)](double x, std::size_t i, std::size_t j) {
    return j == 2 ? 1e5 : j == 3 ? 2.0 * static_cast<double>(g(i, 0)) : x;
  });
  GaussianKDE kde;
  kde.fit(train);
  EXPECT_EQ(kde.rank(), 2U);
  EXPECT_EQ(kde.dimension(), 4U);
  EXPECT_EQ(kde.dataset().cols(), 2U);
  expect_like_oracle(train, train);
}

TEST(GaussianKDETest, TinyAndHugeScalesAreAlike) {
  const auto train = gaussian(80, 3, 10);
  const auto queries = gaussian(10, 3, 11);
  GaussianKDE plain;
  plain.fit(train);
  const auto expected = plain.log_density(queries);
  // Powers of two scale float32 without rounding.
  for (const int exponent : {-100, 90, 120}) {
    const auto scaled = [&](double x, auto, auto) { return std::ldexp(x, exponent); };
    GaussianKDE kde;
    kde.fit(map(train, scaled));
    const auto scores = kde.log_density(map(queries, scaled));
    for (std::size_t i = 0; i < scores.size(); ++i) {
      EXPECT_NEAR(scores[i], expected[i] - 3 * exponent * std::numbers::ln2, 1e-4) << exponent;
    }
  }
}

TEST(GaussianKDETest, DenormalsAreData) {
  expect_like_oracle(map(gaussian(50, 2, 12), [](double x, auto, auto) { return std::ldexp(x, -140); }),
                     map(gaussian(10, 2, 13), [](double x, auto, auto) { return std::ldexp(x, -140); }));
}

TEST(GaussianKDETest, WhitenedDatasetHasUnitKernel) {
  // The stored rows have covariance 1 / h^2: kernels of unit variance.
  GaussianKDE kde;
  kde.fit(correlated(500, 6, 0.6, 3, 14));
  const auto covariance = oracle::covariance(oracle::to_rows(kde.dataset()));
  const double h = kde.bandwidth_factor();
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 6; ++j) {
      EXPECT_NEAR(static_cast<double>(covariance[i][j]) * h * h, i == j ? 1 : 0, 1e-5);
    }
  }
}

TEST(GaussianKDETest, DensitySaturatesAtBothEnds) {
  EXPECT_EQ(kde::exp_saturating(std::vector{1e4, -1e300, 0.0}),
            (std::vector{std::numeric_limits<double>::max(), 0.0, 1.0}));
}

TEST(GaussianKDETest, NoQueriesGiveNoScores) {
  GaussianKDE kde;
  kde.fit(gaussian(10, 2, 15));
  EXPECT_TRUE(kde.log_density(Embeddings(0, 2)).empty());
}

TEST(GaussianKDETest, RefusesWhatCannotBeLearnt) {
  GaussianKDE kde;
  EXPECT_THROW((void)kde.log_density(gaussian(1, 2, 1)), NotFitted);
  EXPECT_THROW((void)kde.log_norm(), NotFitted);
  EXPECT_THROW(kde.fit(Embeddings()), InvalidInput);
  EXPECT_THROW(kde.fit(Embeddings(std::vector<float>(12, 1.5F), 6, 2)), InvalidInput);
  EXPECT_THROW(kde.set_threads(-1), InvalidParameter);
  EXPECT_FALSE(kde.is_fitted());

  kde.fit(gaussian(10, 2, 1));
  auto broken = gaussian(10, 2, 1);
  broken(3, 1) = std::numeric_limits<float>::infinity();
  try {
    (void)kde.log_density(broken);
    FAIL();
  } catch (const InvalidInput& error) {
    EXPECT_STREQ(error.what(), "queries: row 3, column 1 is inf; every value must be finite");
  }
  EXPECT_THROW(kde.fit(broken), InvalidInput);
  EXPECT_TRUE(kde.is_fitted()) << "a failed fit must leave the old one";
  EXPECT_THROW((void)kde.log_density(gaussian(2, 3, 1)), InvalidInput);
}

}  // namespace
}  // namespace kernad
