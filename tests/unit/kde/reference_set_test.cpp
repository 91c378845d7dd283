#include "kde/reference_set.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "kde/duplicates.hpp"
#include "kde/kde_state.hpp"
#include "kernels/kernels.hpp"
#include "support/clusters.hpp"
#include "support/data.hpp"

namespace kernad::kde {
namespace {

using kernels::kTileRows;
using testing::clustered;
using testing::gaussian;

TEST(DuplicatesTest, EachRowOnceAndHowOftenItOccurs) {
  const Embeddings rows({1, 2, 3, 4, 1, 2, 1, 2, -0.0F, 0, 0, 0}, 6, 2);
  const DistinctRows found = distinct_rows(rows);
  EXPECT_EQ(found.index, (std::vector<std::uint32_t>{0, 1, 0, 0, 2, 3})) << "-0 and 0 differ in their bits";
  ASSERT_EQ(found.rows.size(), 4U);
  EXPECT_EQ(found.rows[0].row, 0U);
  EXPECT_EQ(found.rows[0].count, 3U);
  EXPECT_EQ(found.rows[3].row, 5U);
  EXPECT_EQ(found.rows[3].count, 1U);
}

TEST(LeafOrderTest, EveryRowIsInOneLeafAndNoLeafIsTooLarge) {
  for (const std::size_t dimension : {1, 2, 16, 70}) {
    const auto points = clustered(3000, dimension, 9, 8, dimension);
    const LeafOrder order = order_by_leaves(points, all_rows(3000).rows, 100, 2);
    std::set<std::uint32_t> seen;
    for (const auto& slot : order.slots) {
      if (slot.row == kernels::Reference::kNone) continue;
      EXPECT_TRUE(seen.insert(slot.row).second);
    }
    EXPECT_EQ(seen.size(), 3000U);
    EXPECT_EQ(order.first_tile.back() * kTileRows, order.slots.size());
    for (std::size_t leaf = 0; leaf + 1 < order.first_tile.size(); ++leaf) {
      EXPECT_LE(order.first_tile[leaf + 1] - order.first_tile[leaf], 7U);
      EXPECT_NE(order.slots[order.first_tile[leaf] * kTileRows].row, kernels::Reference::kNone);
    }
  }
}

TEST(LeafOrderTest, RowsThatAreAllTheSameEndUpInLeavesToo) {
  const Embeddings points(std::vector<float>(1000, 2.5F), 500, 2);
  const LeafOrder order = order_by_leaves(points, all_rows(500).rows, 32, 2);
  EXPECT_GE(order.first_tile.size(), 17U);
}

TEST(LeafOrderTest, ThreadsDoNotChangeIt) {
  const Embeddings points = testing::gaussian(5000, 3, 6);
  const LeafOrder one = order_by_leaves(points, all_rows(5000).rows, 64, 1);
  const LeafOrder three = order_by_leaves(points, all_rows(5000).rows, 64, 3);
  EXPECT_EQ(one.first_tile, three.first_tile);
  ASSERT_EQ(one.slots.size(), three.slots.size());
  for (std::size_t i = 0; i < one.slots.size(); ++i) EXPECT_EQ(one.slots[i].row, three.slots[i].row);
}

TEST(LeafOrderTest, ClustersAreNotMixed) {
  // 12 clusters 40 deviations apart and of 125 rows: leaves need hold no two of them, not even where two would fit.
  const auto points = clustered(1500, 8, 12, 40, 3);
  for (const std::size_t leaf_rows : {128, 300}) {
    const LeafOrder order = order_by_leaves(points, all_rows(1500).rows, leaf_rows, 2);
    std::size_t mixed = 0;
    for (std::size_t leaf = 0; leaf + 1 < order.first_tile.size(); ++leaf) {
      std::set<std::uint32_t> clusters;
      for (std::size_t i = order.first_tile[leaf] * kTileRows; i < order.first_tile[leaf + 1] * kTileRows; ++i) {
        if (order.slots[i].row != kernels::Reference::kNone) clusters.insert(order.slots[i].row * 7919 % 12);
      }
      mixed += clusters.size() > 1 ? 1 : 0;
    }
    EXPECT_EQ(mixed, 0U) << leaf_rows;
  }
}

TEST(TreeTest, NoRowOfALeafIsFartherThanItsBoundSays) {
  for (const std::size_t dimension : {1, 3, 16, 40}) {
    const auto points = clustered(900, dimension, 5, 6, dimension);
    const LeafOrder order = order_by_leaves(points, all_rows(900).rows, 64, 2);
    const Tree tree = make_tree(points, order, 2);
    const auto queries = testing::map(gaussian(30, dimension, 5), [](double x, auto, auto) { return 9 * x; });
    kernels::AlignedVector<float> leaves(tree.leaves.count * kTileRows);
    kernels::AlignedVector<float> nodes(tree.nodes.count * kTileRows);
    for (std::size_t q = 0; q < queries.rows(); ++q) {
      kernels::active().region_bounds(queries.row(q).data(), tree.leaves.packs(0, tree.leaves.count), leaves.data());
      kernels::active().region_bounds(queries.row(q).data(), tree.nodes.packs(0, tree.nodes.count), nodes.data());
      for (std::size_t leaf = 0; leaf < tree.leaf_count(); ++leaf) {
        double nearest = 1e300;
        for (std::size_t i = tree.first_tile[leaf] * kTileRows; i < tree.first_tile[leaf + 1] * kTileRows; ++i) {
          if (order.slots[i].row == kernels::Reference::kNone) continue;
          double square = 0;
          for (std::size_t j = 0; j < dimension; ++j) {
            const double x = static_cast<double>(queries(q, j)) - static_cast<double>(points(order.slots[i].row, j));
            square += x * x;
          }
          nearest = std::min(nearest, square);
        }
        // The exponent in units of log2, and what slack() in pruned_sum.cpp allows for rounding.
        const double exponent = -0.5 * 1.4426950408889634 * nearest;
        const double slack = 0.01 + 0x1p-23 * (static_cast<double>(dimension) + 4) * -exponent;
        EXPECT_GE(static_cast<double>(leaves[leaf]) + slack, exponent);
        EXPECT_GE(static_cast<double>(nodes[leaf / kTileRows]) + slack, exponent);
      }
    }
  }
}

TEST(ReferenceSetTest, RowsComeBackInTheirOrder) {
  auto rows = clustered(5000, 4, 20, 30, 1);
  for (std::size_t i = 0; i < 1000; ++i) std::copy_n(rows.row(4 * i).data(), 4, rows.row(4 * i + 1).data());
  for (const bool pruning : {true, false}) {
    const ReferenceSet references = make_reference_set(rows, pruning, 1);
    EXPECT_EQ(references.rows, 5000U);
    EXPECT_EQ(references.tree.leaf_count() != 0, pruning);
    const auto restored = whitened_rows(references);
    EXPECT_TRUE(std::equal(rows.values().begin(), rows.values().end(), restored.values().begin()));
  }
}

TEST(ReferenceSetTest, DuplicatesAreMergedOnlyWithPruning) {
  const auto rows = testing::map(gaussian(1000, 2, 2), [](double x, auto, auto) { return std::round(x); });
  EXPECT_LE(make_reference_set(rows, true, 1).packed.tiles, 5U);
  EXPECT_EQ(make_reference_set(rows, false, 1).packed.tiles, 63U);
}

TEST(ReferenceSetTest, NoTreeWhereItWouldNotPay) {
  // Whitened rows of one Gaussian in 16 dimensions: everything is near everything.
  const auto one_gaussian = fit(MatrixView<float>(gaussian(6000, 16, 3)), {}, {}, 0, true, 2);
  EXPECT_EQ(one_gaussian.references.tree.leaf_count(), 0U);
  const auto many = fit(MatrixView<float>(clustered(6000, 16, 30, 30, 4)), {}, {}, 0, true, 2);
  EXPECT_NE(many.references.tree.leaf_count(), 0U);
}

TEST(ReferenceSetTest, AKnownTrialIsNotMadeAgain) {
  const auto clusters = clustered(5000, 4, 20, 30, 1);
  const auto one_gaussian = gaussian(6000, 16, 3);
  EXPECT_EQ(make_reference_set(clusters, true, 1).tree_pays, true);
  EXPECT_EQ(make_reference_set(one_gaussian, true, 1).tree_pays, false);
  EXPECT_EQ(make_reference_set(clusters, true, 1, {}, {}, false).tree.leaf_count(), 0U);
  EXPECT_NE(make_reference_set(one_gaussian, true, 1, {}, {}, true).tree.leaf_count(), 0U);
  const auto tried = make_reference_set(clusters, true, 1);
  const auto known = make_reference_set(clusters, true, 1, {}, {}, true);
  EXPECT_EQ(tried.tree.first_tile, known.tree.first_tile);
  EXPECT_EQ(tried.slot_of_row, known.slot_of_row);
}

TEST(ReferenceSetTest, WhetherATreePaysIsKeptWithoutPruningAndUnknownForFewRows) {
  const auto clusters = clustered(5000, 4, 20, 30, 1);
  EXPECT_EQ(make_reference_set(clusters, false, 1).tree_pays, std::nullopt);
  EXPECT_EQ(make_reference_set(clusters, false, 1, {}, {}, true).tree_pays, true);
  EXPECT_EQ(make_reference_set(clustered(1000, 4, 20, 30, 1), true, 1).tree_pays, std::nullopt);
  // Few rows never have a tree, whatever a file says.
  EXPECT_EQ(make_reference_set(clustered(1000, 4, 20, 30, 1), true, 1, {}, {}, true).tree.leaf_count(), 0U);
}

}  // namespace
}  // namespace kernad::kde
