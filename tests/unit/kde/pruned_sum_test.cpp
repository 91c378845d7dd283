// Pruned sums compared with full sums and with long double. What may be left out is derived in docs/numerics.md,
// "Pruning".
#include "kde/pruned_sum.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "kde/kde_state.hpp"
#include "kernad/gaussian_kde.hpp"
#include "reference/oracle.hpp"
#include "support/clusters.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using testing::clustered;
using testing::gaussian;
using testing::map;

/// Queries of every kind: inliers, rows between clusters, and ever farther ones.
Embeddings all_kinds(std::size_t cols, std::size_t clusters, double spread) {
  auto queries = clustered(240, cols, clusters, spread, 99);
  for (std::size_t i = 120; i < 240; ++i) {
    const double factor = std::pow(1.15, static_cast<double>(i - 120)) * 0.2;
    for (std::size_t j = 0; j < cols; ++j) {
      queries(i, j) = static_cast<float>(factor * static_cast<double>(queries(i - 120, j)));
    }
  }
  return queries;
}

TEST(PrunedSumTest, IsAtMostTheFullSumAndHardlyLess) {
  for (const std::size_t cols : {1, 3, 8, 16}) {
    SCOPED_TRACE(cols);
    const auto train = clustered(6000, cols, 40, 60, cols);
    GaussianKDE kde;
    kde.fit(train);
    const auto queries = all_kinds(cols, 40, 60);
    const auto pruned = kde.log_density(queries);
    kde.set_pruning(false);
    const auto full = kde.log_density(queries);
    std::size_t differing = 0;
    for (std::size_t i = 0; i < full.size(); ++i) {
      // 2^-18 is left out; 2^x (2.6e-6) and distances (docs/numerics.md) may err another way with another shift.
      const double rounding = 1e-5 + 5e-7 * std::abs(full[i]);
      EXPECT_LE(pruned[i], full[i] + rounding) << i;
      EXPECT_GE(pruned[i], full[i] - 4e-6 - rounding) << i;
      differing += pruned[i] != full[i] ? 1 : 0;
    }
    EXPECT_GT(differing, 100U) << "pruning was not used";
  }
}

TEST(PrunedSumTest, MatchesTheOracle) {
  for (const std::size_t cols : {2, 5, 16}) {
    SCOPED_TRACE(cols);
    auto train = clustered(2600, cols, 25, 60, cols);
    for (std::size_t i = 0; i < 300; ++i) std::copy_n(train.row(i).data(), cols, train.row(i + 2000).data());
    GaussianKDE kde;
    kde.fit(train);
    const oracle::Density expected(oracle::to_rows(train));
    const auto queries = all_kinds(cols, 25, 60);
    const auto rows = oracle::to_rows(queries);
    const auto scores = kde.log_density(queries);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto value = expected.log_density(rows[i]);
      EXPECT_NEAR(scores[i], static_cast<double>(value), static_cast<double>(oracle::allowed_error(value))) << i;
    }
  }
}

TEST(PrunedSumTest, ARowsResultDoesNotDependOnItsNeighbours) {
  const auto train = clustered(5000, 6, 30, 60, 5);
  GaussianKDE kde;
  kde.fit(train);
  const auto queries = all_kinds(6, 30, 60);
  const auto together = kde.log_density(queries);
  for (std::size_t i = 0; i < queries.rows(); ++i) {
    EXPECT_EQ(kde.log_density(queries.view().middle_rows(i, 1))[0], together[i]) << i;
  }
}

/// The share of the references that a query at the origin keeps: 256 are there and 40 groups of 256 at `distance`, all
/// of them in balls so small that bounds are tight.
double kept_at_origin(double distance) {
  testing::Random random(3);
  Embeddings rows(256 * 41, 2);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto angle = static_cast<double>(i / 256);
    const double radius = i < 256 ? 0 : distance;
    rows(i, 0) = static_cast<float>(radius * std::cos(angle) + 1e-4 * random.uniform());
    rows(i, 1) = static_cast<float>(radius * std::sin(angle) + 1e-4 * random.uniform());
  }
  const auto references = kde::make_reference_set(rows, true, 1);
  EXPECT_NE(references.tree.leaf_count(), 0U);
  const std::vector<double> origin(2);
  return kde::PrunedSum(references).kept_share(kernels::active(), origin.data());
}

TEST(PrunedSumTest, LeavesOutWhatCannotMatterAndNothingElse) {
  // 40 groups at distance d add 40 exp(-d^2 / 2) to 1. A share of 2^-20 may go, as 2^-19 may in each of two steps; one
  // of 2^-17, twice what both may take, must stay.
  const auto distance = [](double share) { return std::sqrt(2 * std::log(40 / share)); };
  EXPECT_LT(kept_at_origin(distance(0x1p-20)), 0.5);
  EXPECT_GT(kept_at_origin(distance(0x1p-17)), 0.5);
}

TEST(PrunedSumTest, ReferencesFarBeyondTheirLeafHideNoneBesideThem) {
  // What an imported model may hold: rows of whitened length 1e20 to 3e38, few enough to share leaves with near ones.
  for (const float huge : {1e10F, 1e17F, 1e19F, 1e20F, 3e38F}) {
    SCOPED_TRACE(huge);
    auto rows = clustered(4096, 3, 40, 15, 8);
    for (std::size_t i = 0; i < 40; ++i) rows(i * 101, i % 3) = i % 2 == 0 ? huge : -huge;
    const auto references = kde::make_reference_set(rows, true, 1);
    ASSERT_NE(references.tree.leaf_count(), 0U);
    kde::PrunedSum sum(references);
    std::size_t pruned = 0;
    for (std::size_t i = 5; i < 4096; i += 100) {
      const std::vector<double> query(rows.row(i).begin(), rows.row(i).end());
      double log_sum = 0;
      if (!sum.score(kernels::active(), query.data(), 3, 1, &log_sum).empty()) continue;
      const auto expected =
          oracle::log_mean_kernel({query.begin(), query.end()}, oracle::to_rows(rows)) + std::log(4096.0L);
      EXPECT_NEAR(log_sum, static_cast<double>(expected), 2e-5) << i;
      ++pruned;
    }
    EXPECT_GT(pruned, 10U);
  }
}

TEST(PrunedSumTest, LeavesOutMostOfManyClusters) {
  const auto train = clustered(6000, 16, 40, 60, 6);
  const auto state = kde::fit(train.view(), {}, {}, 0, true, 1);
  ASSERT_NE(state.references.tree.leaf_count(), 0U);
  kde::PrunedSum sum(state.references);
  const auto rows = kde::whitened_rows(state.references);
  double share = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    const std::vector<double> query(rows.row(i * 60).begin(), rows.row(i * 60).end());
    share += sum.kept_share(kernels::active(), query.data()) / 100;
  }
  // A cluster is a fortieth of the rows.
  EXPECT_LT(share, 0.1);
  const std::vector<double> far(16, 1e6);
  EXPECT_EQ(sum.kept_share(kernels::active(), far.data()), 1) << "left to the full sum";
}

}  // namespace
}  // namespace kernad
