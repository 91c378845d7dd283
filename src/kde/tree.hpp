// Leaves of neighbouring rows with bounding boxes and balls, so that a query can skip leaves that cannot matter to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernad/matrix.hpp"
#include "kernels/kernels.hpp"
#include "kernels/references.hpp"

namespace kernad::kde {

/// Regions in packs of 16, the layout of kernels::Regions, and the number of training rows in each.
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

/// Two levels: a node is the region around 16 consecutive leaves, which form one pack.
struct Tree {
  std::vector<std::uint32_t> first_tile;  ///< of leaf i; one more entry ends the last leaf
  RegionPacks leaves;                     ///< pack n holds the leaves 16 n .. 16 n + 15
  RegionPacks nodes;                      ///< region n is around pack n of the leaves

  [[nodiscard]] std::size_t leaf_count() const { return first_tile.empty() ? 0 : first_tile.size() - 1; }
  [[nodiscard]] std::size_t tiles_of(std::size_t leaf) const { return first_tile[leaf + 1] - first_tile[leaf]; }
};

/// Orders `rows` of `points` into consecutive leaves of at most leaf_rows, each beginning a new tile; slots without a
/// row pad the last tile of a leaf. The order depends on the points alone.
struct LeafOrder {
  std::vector<kernels::Reference> slots;
  std::vector<std::uint32_t> first_tile;  ///< as in Tree
};
[[nodiscard]] LeafOrder order_by_leaves(MatrixView<float> points, std::vector<kernels::Reference> rows,
                                        std::size_t leaf_rows, int threads);

/// The regions around such leaves.
[[nodiscard]] Tree make_tree(MatrixView<float> points, const LeafOrder& order, int threads);

}  // namespace kernad::kde
