// Leaves of near rows with boxes and balls around them, so that a query can leave out those that cannot matter to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernad/matrix.hpp"
#include "kernels/kernels.hpp"
#include "kernels/references.hpp"

namespace kernad::kde {

/// Regions in packs of 16, as kernels::Regions wants them, and how many training rows lie in each.
struct RegionPacks {
  RegionPacks() = default;
  RegionPacks(std::size_t regions, std::size_t columns);

  /// Sets region `i` to the smallest box and a ball around the box's middle that hold all of `references`.
  void enclose(std::size_t i, MatrixView<float> points, std::span<const kernels::Reference> references);

  /// Packs first .. first + n - 1.
  [[nodiscard]] kernels::Regions packs(std::size_t first, std::size_t n) const {
    const std::size_t offset = first * dimension * kernels::kTileRows;
    return {low.data() + offset,
            high.data() + offset,
            centre.data() + offset,
            radius.data() + first * kernels::kTileRows,
            n,
            dimension};
  }

  kernels::AlignedVector<float> low;
  kernels::AlignedVector<float> high;
  kernels::AlignedVector<float> centre;
  kernels::AlignedVector<float> radius;
  std::vector<double> rows;
  std::size_t count = 0;  ///< packs
  std::size_t dimension = 0;
};

/// Two levels: a node is the region around 16 leaves that follow one another, and those leaves are one pack.
struct Tree {
  std::vector<std::uint32_t> first_tile;  ///< of leaf i; one more entry ends the last leaf
  RegionPacks leaves;                     ///< pack n holds the leaves 16 n .. 16 n + 15
  RegionPacks nodes;                      ///< region n is around pack n of the leaves

  [[nodiscard]] std::size_t leaf_count() const { return first_tile.empty() ? 0 : first_tile.size() - 1; }
  [[nodiscard]] std::size_t tiles_of(std::size_t leaf) const { return first_tile[leaf + 1] - first_tile[leaf]; }
};

/// Puts `rows` of `points` in an order in which leaves of at most leaf_rows follow one another, each beginning a new
/// tile: slots without a row fill up the last tile of a leaf. The order is a function of the points alone.
struct LeafOrder {
  std::vector<kernels::Reference> slots;
  std::vector<std::uint32_t> first_tile;  ///< as in Tree
};
[[nodiscard]] LeafOrder order_by_leaves(MatrixView<float> points, std::vector<kernels::Reference> rows,
                                        std::size_t leaf_rows, int threads);

/// The regions around such leaves.
[[nodiscard]] Tree make_tree(MatrixView<float> points, const LeafOrder& order, int threads);

}  // namespace kernad::kde
