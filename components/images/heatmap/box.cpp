#include "heatmap/box.hpp"

#include <algorithm>
#include <vector>

namespace kernad::images {
namespace {

struct Extent {
  std::size_t top, bottom, left, right;  // in patches, inclusive
};

/// Grows from patch `start` over neighbours above `limit`.
Extent extent_around(const Embeddings& map, std::size_t start, double limit) {
  const std::size_t cols = map.cols();
  Extent extent = {start / cols, start / cols, start % cols, start % cols};
  std::vector<bool> seen(map.rows() * cols);
  std::vector<std::size_t> open = {start};
  seen[start] = true;
  while (!open.empty()) {
    const std::size_t row = open.back() / cols;
    const std::size_t col = open.back() % cols;
    open.pop_back();
    extent = {std::min(extent.top, row), std::max(extent.bottom, row), std::min(extent.left, col),
              std::max(extent.right, col)};
    const auto visit = [&](std::size_t r, std::size_t c) {
      if (r >= map.rows() || c >= cols || seen[r * cols + c] || !(map(r, c) > limit)) return;
      seen[r * cols + c] = true;
      open.push_back(r * cols + c);
    };
    visit(row - 1, col);  // at the edge this wraps around, and is outside
    visit(row + 1, col);
    visit(row, col - 1);
    visit(row, col + 1);
  }
  return extent;
}

}  // namespace

Box hottest_box(const Embeddings& map, const HeatScale& scale, std::size_t width, std::size_t height) {
  const std::size_t count = map.rows() * map.cols();
  const auto hottest = static_cast<std::size_t>(std::max_element(map.data(), map.data() + count) - map.data());
  const Extent extent = extent_around(map, hottest, scale.limit);
  Box box;
  box.x = extent.left * width / map.cols();
  box.y = extent.top * height / map.rows();
  box.width = std::max<std::size_t>((extent.right + 1) * width / map.cols() - box.x, 1);
  box.height = std::max<std::size_t>((extent.bottom + 1) * height / map.rows() - box.y, 1);
  return box;
}

}  // namespace kernad::images
