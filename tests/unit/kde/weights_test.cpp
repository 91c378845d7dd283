// Densities of rows that count more or less than once.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/gaussian_kde.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

TEST(GaussianKDEWeightsTest, TwoPointsByHand) {
  // 1.5 rows at 0 and 1 at 5: mean 2, variance (1.5 * 4 + 9) / (2.5 - 1) = 10, h = 2.5^(-1/5).
  GaussianKDE kde;
  kde.fit(Embeddings({0, 5}, 2, 1), std::vector<double>{1.5, 1});
  EXPECT_DOUBLE_EQ(kde.mean()[0], 2);
  EXPECT_DOUBLE_EQ(kde.bandwidth_factor(), std::pow(2.5, -0.2));
  const double deviation = std::pow(2.5, -0.2) * std::sqrt(10);
  EXPECT_NEAR(kde.bw_transform().row(0)[0], 1 / deviation, 1e-14);
  const auto kernel = [&](double x) { return std::exp(-0.5 * x * x / (deviation * deviation)); };
  const double expected = std::log((1.5 * kernel(1) + kernel(4)) / 2.5) + kde.log_norm();
  EXPECT_NEAR(kde.log_density(Embeddings({1}, 1, 1))[0], expected, 1e-5);  // 2^x in float32 is right to 2.6e-6
}

TEST(GaussianKDEWeightsTest, WholeOnesHaveTheBitsOfRepeatedRows) {
  const auto rows = testing::gaussian(40, 3, 1);
  std::vector<double> weights(40, 1);
  weights[3] = 4;
  weights[8] = 0;
  std::vector<float> values;
  for (std::size_t i = 0; i < 40; ++i) {
    for (double n = 0; n < weights[i]; ++n) values.insert(values.end(), rows.row(i).begin(), rows.row(i).end());
  }
  GaussianKDE by_rows({.bandwidth = Bandwidth::loo()});
  by_rows.fit(Embeddings(values, values.size() / 3, 3));
  GaussianKDE by_weights({.bandwidth = Bandwidth::loo()});
  by_weights.fit(rows, weights);
  EXPECT_EQ(by_weights.log_density(rows), by_rows.log_density(rows));
}

TEST(GaussianKDEWeightsTest, LargeCountsAreNotRepeated) {
  const auto rows = testing::gaussian(300, 2, 1);
  GaussianKDE few;
  few.fit(rows, std::vector<double>(300, 2));
  GaussianKDE many;
  many.fit(rows, std::vector<double>(300, 1e7));
  EXPECT_EQ(many.size(), 300U);
  EXPECT_NEAR(many.bandwidth_factor(), std::pow(3e9, -1.0 / 6), 1e-12);
}

TEST(GaussianKDEWeightsTest, AreCountedByTheTreeAsByTheFullSum) {
  const auto rows = testing::gaussian(6000, 2, 1);
  std::vector<double> weights(6000);
  for (std::size_t i = 0; i < 6000; ++i) weights[i] = std::exp2(static_cast<double>(i * 37 % 61) / 4 - 20);
  for (std::size_t i = 0; i < 6000; i += 100) weights[i] = 1;
  GaussianKDE pruned({.bandwidth = 0.05});
  pruned.fit(rows, weights);
  GaussianKDE full = pruned;
  full.set_pruning(false);
  const auto queries = testing::gaussian(500, 2, 2);
  const auto expected = full.log_density(queries);
  const auto scores = pruned.log_density(queries);
  double total = 0;
  for (const double weight : weights) total += weight;
  for (std::size_t q = 0; q < 500; ++q) {
    EXPECT_NEAR(scores[q], expected[q], 2e-5 + 1e-6 * std::abs(expected[q])) << q;
    if (q % 50 != 0) continue;
    double sum = 0;  // the formula
    const auto at = [&](MatrixView<float> of, std::size_t row, std::size_t j) {
      double x = 0;
      for (std::size_t d = 0; d < 2; ++d)
        x += (double{of.row(row)[d]} - full.mean()[d]) * full.bw_transform().row(d)[j];
      return x;
    };
    for (std::size_t i = 0; i < 6000; ++i) {
      const double x = at(queries, q, 0) - at(rows, i, 0);
      const double y = at(queries, q, 1) - at(rows, i, 1);
      sum += weights[i] / total * std::exp(-0.5 * (x * x + y * y));
    }
    EXPECT_NEAR(expected[q], std::log(sum) + full.log_norm(), 1e-4);
  }
}

}  // namespace
}  // namespace kernad
