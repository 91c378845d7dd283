#include "patches/grid.hpp"

#include <algorithm>
#include <cmath>

namespace kernad::images {
namespace {

/// The position in a coarse map for one row or column of the grid: between two of its own.
struct Between {
  std::size_t low;
  std::size_t high;
  float share;  // of the high one
};

std::vector<Between> between(std::size_t from, std::size_t to) {
  std::vector<Between> result(to);
  for (std::size_t i = 0; i < to; ++i) {
    const double at = (static_cast<double>(i) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
    const double clamped = std::clamp(at, 0.0, static_cast<double>(from - 1));
    const auto low = static_cast<std::size_t>(clamped);
    result[i] = {low, std::min(low + 1, from - 1), static_cast<float>(clamped - std::floor(clamped))};
  }
  return result;
}

/// Adds a plane, enlarged to the grid, to `to`.
void add_enlarged(const float* plane, std::size_t cols, std::span<const Between> down, std::span<const Between> across,
                  float* to) {
  for (const Between& y : down) {
    const float* low = plane + y.low * cols;
    const float* high = plane + y.high * cols;
    for (const Between& x : across) {
      const float left = low[x.low] + y.share * (high[x.low] - low[x.low]);
      const float right = low[x.high] + y.share * (high[x.high] - low[x.high]);
      *to++ += left + x.share * (right - left);
    }
  }
}

/// Sums of each value and its two neighbours in a line of `count`, `step` apart.
void sum_of_three(const float* from, std::size_t count, std::size_t step, float* to) {
  for (std::size_t i = 0; i < count; ++i) {
    float sum = from[i * step];
    if (i > 0) sum += from[(i - 1) * step];
    if (i + 1 < count) sum += from[(i + 1) * step];
    to[i * step] = sum;
  }
}

/// Replaces each value by the mean of the 3 x 3 values around it, or fewer at the edge.
void average(std::span<float> plane, Grid grid, std::vector<float>& scratch) {
  scratch.resize(grid.size());
  for (std::size_t y = 0; y < grid.rows; ++y) {
    sum_of_three(plane.data() + y * grid.cols, grid.cols, 1, scratch.data() + y * grid.cols);
  }
  for (std::size_t x = 0; x < grid.cols; ++x) sum_of_three(scratch.data() + x, grid.rows, grid.cols, plane.data() + x);
  const auto there = [](std::size_t i, std::size_t count) { return 1.0F + (i > 0) + (i + 1 < count); };
  for (std::size_t y = 0; y < grid.rows; ++y) {
    for (std::size_t x = 0; x < grid.cols; ++x) {
      plane[y * grid.cols + x] /= there(y, grid.rows) * there(x, grid.cols);
    }
  }
}

/// Converts averaged planes on the grid to patches in rows, minus `mean` if there is one.
Embeddings to_patches(std::vector<float>& planes, std::size_t count, Grid grid) {
  Embeddings patches(grid.size(), count);
  std::vector<float> scratch;
  for (std::size_t k = 0; k < count; ++k) {
    const std::span<float> plane = std::span(planes).subspan(k * grid.size(), grid.size());
    average(plane, grid, scratch);
    for (std::size_t i = 0; i < grid.size(); ++i) patches(i, k) = plane[i];
  }
  return patches;
}

}  // namespace

Grid grid_of(std::span<const FeatureMap> maps) {
  Grid grid;
  for (const auto& map : maps) grid = {std::max(grid.rows, map.rows), std::max(grid.cols, map.cols)};
  return grid;
}

Embeddings join(std::span<const FeatureMap> maps) {
  const Grid grid = grid_of(maps);
  std::size_t channels = 0;
  for (const auto& map : maps) channels += map.channels;
  std::vector<float> planes(channels * grid.size());
  float* to = planes.data();
  for (const auto& map : maps) {
    const auto down = between(map.rows, grid.rows);
    const auto across = between(map.cols, grid.cols);
    for (std::size_t c = 0; c < map.channels; ++c, to += grid.size()) {
      add_enlarged(map.values.data() + c * map.rows * map.cols, map.cols, down, across, to);
    }
  }
  return to_patches(planes, channels, grid);
}

Embeddings project(std::span<const FeatureMap> maps, const Projection& projection) {
  const Grid grid = grid_of(maps);
  const std::size_t components = projection.axes.cols();
  std::vector<float> planes(components * grid.size());
  std::vector<float> small;
  std::size_t channel = 0;
  for (const auto& map : maps) {
    const std::size_t size = map.rows * map.cols;
    small.assign(components * size, 0.0F);
    for (std::size_t c = 0; c < map.channels; ++c, ++channel) {
      const float* from = map.values.data() + c * size;
      const float mean = projection.mean[channel];
      for (std::size_t k = 0; k < components; ++k) {
        const float weight = projection.axes(channel, k);
        float* to = small.data() + k * size;
        for (std::size_t i = 0; i < size; ++i) to[i] += weight * (from[i] - mean);
      }
    }
    const auto down = between(map.rows, grid.rows);
    const auto across = between(map.cols, grid.cols);
    for (std::size_t k = 0; k < components; ++k) {
      add_enlarged(small.data() + k * size, map.cols, down, across, planes.data() + k * grid.size());
    }
  }
  return to_patches(planes, components, grid);
}

}  // namespace kernad::images
