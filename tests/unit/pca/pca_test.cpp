#include "kernad/pca.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernad/error.hpp"
#include "reference/oracle.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using testing::correlated;
using testing::gaussian;
using testing::map;

/// Axes up to the fixed sign: |dot| of each with the oracle's is 1.
void expect_axes_like_oracle(const PCA& pca, EmbeddingsView data, double tolerance) {
  const auto eigen = oracle::symmetric_eigen(oracle::covariance(oracle::to_rows(data)));
  const auto vectors = pca.singular_vectors();
  for (std::size_t k = 0; k < pca.num_components(); ++k) {
    oracle::Real dot = 0;
    for (std::size_t d = 0; d < vectors.rows(); ++d) dot += vectors.row(d)[k] * eigen.vectors[k][d];
    EXPECT_NEAR(std::abs(static_cast<double>(dot)), 1, tolerance) << "axis " << k;
    const auto singular = std::sqrt(eigen.values[k] * static_cast<oracle::Real>(data.rows() - 1));
    EXPECT_NEAR(pca.singular_values()[k] / static_cast<double>(singular), 1, 1e-10) << "singular value " << k;
  }
}

TEST(PCATest, LineInThePlaneByHand) {
  // Points on y = x: the first axis is (1, 1) / sqrt(2) and holds all variance.
  PCA pca(2);
  pca.fit(Embeddings({-1, -1, 1, 1, 3, 3}, 3, 2));
  ASSERT_EQ(pca.num_components(), 1U) << "two columns, but rank 1";
  EXPECT_EQ(pca.rank(), 1U);
  EXPECT_NEAR(pca.singular_vectors().row(0)[0], std::sqrt(0.5), 1e-15);
  EXPECT_NEAR(pca.singular_vectors().row(1)[0], std::sqrt(0.5), 1e-15);
  EXPECT_NEAR(pca.singular_values()[0], 4, 1e-14);  // sqrt of (8 + 0 + 8)
  EXPECT_DOUBLE_EQ(pca.explained_variance_ratio()[0], 1);
  EXPECT_DOUBLE_EQ(pca.mean()[0], 1);
}

TEST(PCATest, MatchesTheOracleByCovarianceAndByGram) {
  const auto tall = correlated(300, 20, 0.8, 1, 1);
  PCA by_covariance(20);
  by_covariance.fit(tall);
  EXPECT_EQ(by_covariance.num_components(), 20U);
  expect_axes_like_oracle(by_covariance, tall, 1e-12);

  const auto wide = correlated(12, 40, 0.8, 1, 2);
  PCA by_gram(40);
  by_gram.fit(wide);
  EXPECT_EQ(by_gram.num_components(), 11U) << "12 rows have 11 directions around their mean";
  PCA five(5);
  five.fit(wide);
  expect_axes_like_oracle(five, wide, 1e-10);
}

TEST(PCATest, AxesAreOrthonormalAndSignsFixed) {
  for (const auto& data : {correlated(200, 30, 0.7, 10, 3), correlated(20, 50, 0.7, 10, 4)}) {
    PCA pca(19);
    pca.fit(data);
    const auto v = pca.singular_vectors();
    for (std::size_t a = 0; a < v.cols(); ++a) {
      double largest = 0;
      for (std::size_t d = 0; d < v.rows(); ++d) {
        if (std::abs(v.row(d)[a]) > std::abs(largest)) largest = v.row(d)[a];
      }
      EXPECT_GT(largest, 0);
      for (std::size_t b = 0; b <= a; ++b) {
        double dot = 0;
        for (std::size_t d = 0; d < v.rows(); ++d) dot += v.row(d)[a] * v.row(d)[b];
        EXPECT_NEAR(dot, a == b ? 1 : 0, 1e-13);
      }
    }
  }
}

TEST(PCATest, ShareOfVarianceKeepsTheFewestThatReachIt) {
  const auto data = correlated(400, 10, 0.7, 0, 5);
  PCA all(10);
  all.fit(data);
  for (const double share : {0.3, 0.5, 0.9, 0.99, 0.9999}) {
    PCA pca(share);
    pca.fit(data);
    double sum = 0;
    std::size_t expected = 0;
    while (sum < share) sum += all.explained_variance_ratio()[expected++];
    EXPECT_EQ(pca.num_components(), expected) << share;
  }
}

TEST(PCATest, TransformAndBack) {
  const auto data = correlated(100, 8, 0.8, 5, 6);
  PCA pca(8);
  const auto features = pca.fit_transform(data);
  ASSERT_EQ(features.cols(), 8U);
  const auto restored = pca.inverse_transform(features);
  for (std::size_t i = 0; i < data.rows(); ++i) {
    // All axes are kept: only float32 rounding of features and result is lost.
    for (std::size_t j = 0; j < 8; ++j) EXPECT_NEAR(restored(i, j), data(i, j), 1e-5);
  }
  const auto mean = oracle::column_means(oracle::to_rows(features));
  for (const auto m : mean) EXPECT_NEAR(static_cast<double>(m), 0, 1e-6) << "features are centred";
}

TEST(PCATest, StridedViewsAreReadInPlace) {
  const auto data = correlated(50, 6, 0.8, 1, 7);
  std::vector<float> padded(50 * 9, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < 50; ++i) std::copy_n(data.row(i).data(), 6, padded.data() + i * 9);
  PCA plain(3);
  PCA strided(3);
  plain.fit(data);
  strided.fit(EmbeddingsView(padded.data(), 50, 6, 9));
  EXPECT_TRUE(
      std::equal(plain.singular_values().begin(), plain.singular_values().end(), strided.singular_values().begin()));
}

TEST(PCATest, FarFromTheOriginAndHugeAndTinyValues) {
  for (const double scale : {1e-38, 1e-30, 1.0, 1e30, 1e37}) {
    SCOPED_TRACE(scale);
    const auto data = map(correlated(60, 5, 0.6, 0, 8), [&](double x, auto, auto) { return x * scale; });
    PCA pca(5);
    pca.fit(data);
    EXPECT_EQ(pca.num_components(), 5U);
    expect_axes_like_oracle(pca, data, 1e-9);
  }
  const auto far = correlated(200, 4, 0.8, 1e5, 9);
  PCA pca(4);
  pca.fit(far);
  expect_axes_like_oracle(pca, far, 1e-9);
}

TEST(PCATest, ConstantColumnsDoNotHideTheOthers) {
  const auto data = map(correlated(60, 5, 0.8, 0, 10), [](double x, auto, std::size_t j) { return j == 2 ? 3e30 : x; });
  PCA pca(5);
  pca.fit(data);
  EXPECT_EQ(pca.rank(), 4U);
}

TEST(PCATest, RoundingIsNotADirection) {
  // A third column that is the sum of two others up to float32 rounding.
  const auto data = map(gaussian(500, 3, 11), [g = gaussian(500, 3, 11)](double x, std::size_t i, std::size_t j) {
    return j == 2 ? static_cast<double>(g(i, 0)) + static_cast<double>(g(i, 1)) : x;
  });
  PCA pca(3);
  pca.fit(data);
  EXPECT_EQ(pca.rank(), 2U);
}

TEST(PCATest, RefusesBadInput) {
  EXPECT_THROW(PCA(0), InvalidParameter);
  EXPECT_THROW(PCA(-3), InvalidParameter);
  EXPECT_THROW(PCA(0.0), InvalidParameter);
  EXPECT_THROW(PCA(1.0), InvalidParameter);
  EXPECT_THROW(PCA(std::nan("")), InvalidParameter);
  PCA pca(2);
  EXPECT_THROW((void)pca.transform(gaussian(2, 2, 1)), NotFitted);
  EXPECT_THROW((void)pca.num_components(), NotFitted);
  EXPECT_THROW(pca.fit(Embeddings(0, 3)), InvalidInput);
  EXPECT_THROW(pca.fit(Embeddings(3, 0)), InvalidInput);
  EXPECT_THROW(pca.fit(Embeddings({1, 2}, 1, 2)), InvalidInput) << "one row has no variance";
  EXPECT_THROW(pca.fit(Embeddings(std::vector<float>(30, 0.1F), 10, 3)), InvalidInput);
  EXPECT_FALSE(pca.is_fitted());
  pca.fit(gaussian(20, 3, 1));
  EXPECT_THROW((void)pca.transform(gaussian(2, 4, 1)), InvalidInput);
  EXPECT_THROW((void)pca.inverse_transform(gaussian(2, 3, 1)), InvalidInput);
  // Finite input, but sums of such values leave float32.
  EXPECT_THROW((void)pca.transform(map(gaussian(2, 3, 1), [](double, auto, auto) { return 3.3e38; })), InvalidInput);
}

TEST(PCATest, InputIsUntouched) {
  const auto data = correlated(50, 4, 0.8, 1, 12);
  const auto copy = data;
  (void)PCA(2).fit_transform(data);
  EXPECT_TRUE(std::equal(data.values().begin(), data.values().end(), copy.values().begin()));
}

TEST(PCATest, ResultsDoNotDependOnThreads) {
  const auto rows = testing::gaussian(5000, 12, 1);
  PCA one(5);
  one.set_threads(1);
  PCA four(5);
  four.set_threads(4);
  const auto by_one = one.fit_transform(rows);
  const auto by_four = four.fit_transform(rows);
  EXPECT_TRUE(std::equal(by_one.values().begin(), by_one.values().end(), by_four.values().begin()));
  EXPECT_THROW(one.set_threads(-1), InvalidParameter);
  EXPECT_THROW(one.set_threads(1025), InvalidParameter);
}

}  // namespace
}  // namespace kernad
