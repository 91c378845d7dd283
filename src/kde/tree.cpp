// Splits across the line through the centres of two clusters, found on a sample by a few rounds of 2-means, or across a
// column, at the value that leaves the least sum of squares on both sides: such cuts pass through the gaps between
// clusters, while a cut at the median could split a cluster. Rejected: a plain kd-tree, whose regions keep several
// times as many leaves on clustered data.
#include "kde/tree.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "parallel/parallel_for.hpp"

namespace kernad::kde {
namespace {

using kernels::kTileRows;
using kernels::Reference;

constexpr std::size_t kSample = 256;       // rows that choose a cut
constexpr std::size_t kGapSample = 64;     // the same for a part that is already small enough
constexpr std::size_t kCandidates = 3;     // columns that are searched for a cut: those of the largest spread
constexpr std::size_t kRounds = 4;         // of 2-means
constexpr std::size_t kSmallestPart = 32;  // each side of a cut gets at least 1 / kSmallestPart of the sample
constexpr std::size_t kMinGapRows = 2 * kernels::kTileRows;  // smaller leaves would consist mostly of padded tiles

/// A part that is small enough is still cut if it holds clusters, that is, if the cut removes this share of the sum of
/// squares. In a single cluster a cut removes 2 / pi of one column's sum, and more of a uniform one: with few columns
/// no share separates the two cases.
double gap_share(std::size_t columns) { return 0.2 + 1.5 / static_cast<double>(columns); }

/// Of length 1.
struct Direction {
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  std::size_t column = kNone;  ///< it is that of a column,
  std::vector<double> along;   ///< or has these coordinates

  [[nodiscard]] bool empty() const { return column == kNone && along.empty(); }
  [[nodiscard]] double of(std::span<const float> row) const {
    if (column != kNone) return static_cast<double>(row[column]);
    return kernels::active().dot(row.data(), along.data(), row.size());
  }
};

/// Rows whose product with the direction is at most `value` are on one side.
struct Cut {
  Direction direction;
  double value = 0;
  double gain = 0;  // reduction of the sum of squares
};

double squared_distance(std::span<const float> row, const std::vector<double>& centre) {
  return kernels::active().squared_distance(row.data(), centre.data(), row.size());
}

/// Sums and ranges of the columns of some rows.
struct Totals {
  std::vector<double> sum;
  std::vector<double> low;
  std::vector<double> high;

  Totals(std::span<const float* const> rows, std::size_t columns)
      : sum(columns),
        low(columns, std::numeric_limits<double>::infinity()),
        high(columns, -std::numeric_limits<double>::infinity()) {
    const std::vector<float> origin(columns);
    kernels::active().add_row_moments_f32(rows.data(), rows.size(), origin.data(), columns, sum.data(), low.data(),
                                          high.data());
  }
};

/// A sample of the rows of a range.
class Sample {
 public:
  Sample(MatrixView<float> points, std::span<const Reference> range, std::size_t size)
      : points_(points), size_(std::min(size, range.size())) {
    for (std::size_t i = 0; i < size_; ++i) rows_[i] = points.row(range[i * range.size() / size_].row).data();
    centre_ = mean([](std::size_t) { return true; });
  }

  /// The column directions of the largest spread.
  [[nodiscard]] std::vector<Direction> widest_columns() const {
    const std::size_t columns = points_.cols();
    std::vector<double> powers(4 * columns);
    std::vector<double> low(columns);
    std::vector<double> high(columns);
    kernels::active().add_row_powers(rows_.data(), size_, centre_.data(), columns, powers.data(), low.data(),
                                     high.data());
    const std::span spread(powers.data() + columns, columns);  // the second
    std::vector<Direction> found;
    for (std::size_t n = 0; n < std::min(kCandidates, columns); ++n) {
      const auto widest = std::max_element(spread.begin(), spread.end());
      found.push_back({static_cast<std::size_t>(widest - spread.begin()), {}});
      *widest = -1;
    }
    return found;
  }

  /// The sum of squared distances from the mean.
  [[nodiscard]] double scatter() const {
    double sum = 0;
    for (std::size_t i = 0; i < size_; ++i) sum += squared_distance(row(i), centre_);
    return sum;
  }

  /// From one cluster's centre to the other's; empty when they are the same.
  [[nodiscard]] Direction between_clusters() const {
    std::vector<double> a = farthest_from(centre_);
    std::vector<double> b = farthest_from(a);
    for (std::size_t round = 0; round < kRounds; ++round) {
      std::array<bool, kSample> nearer_to_a{};
      for (std::size_t i = 0; i < size_; ++i)
        nearer_to_a[i] = squared_distance(row(i), a) <= squared_distance(row(i), b);
      a = mean([&](std::size_t i) { return nearer_to_a[i]; });
      b = mean([&](std::size_t i) { return !nearer_to_a[i]; });
    }
    double square = 0;
    for (std::size_t j = 0; j < a.size(); ++j) square += (b[j] - a[j]) * (b[j] - a[j]);
    if (!(square > 0)) return {};
    for (std::size_t j = 0; j < a.size(); ++j) a[j] = (b[j] - a[j]) / std::sqrt(square);
    return {Direction::kNone, std::move(a)};
  }

  /// The best cut across a direction; its gain is 0 where all values are the same.
  [[nodiscard]] Cut best_cut(Direction direction) const {
    std::array<double, kSample> values{};
    double total = 0;
    for (std::size_t i = 0; i < size_; ++i) total += values[i] = direction.of(row(i));
    std::sort(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(size_));
    Cut best{std::move(direction), 0, 0};
    const auto n = static_cast<double>(size_);
    double left = 0;  // sum of x - mean on the left: the gain is left^2 n / (n_left n_right)
    for (std::size_t i = 1; i < size_; ++i) {
      left += values[i - 1] - total / n;
      const bool lopsided = i * kSmallestPart < size_ || (size_ - i) * kSmallestPart < size_;
      if (lopsided || values[i - 1] == values[i]) continue;
      const double gain = left * left * n / (static_cast<double>(i) * static_cast<double>(size_ - i));
      if (gain > best.gain) {
        best.gain = gain;
        best.value = 0.5 * (values[i - 1] + values[i]);
      }
    }
    return best;
  }

 private:
  [[nodiscard]] std::span<const float> row(std::size_t i) const { return {rows_[i], points_.cols()}; }

  template <typename Member>
  [[nodiscard]] std::vector<double> mean(const Member& is_member) const {
    std::array<const float*, kSample> members{};
    std::size_t count = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      if (is_member(i)) members[count++] = rows_[i];
    }
    auto sum = Totals(std::span(members).first(count), points_.cols()).sum;
    for (double& x : sum) x /= std::max(1.0, static_cast<double>(count));
    return sum;
  }

  [[nodiscard]] std::vector<double> farthest_from(const std::vector<double>& centre) const {
    std::size_t farthest = 0;
    double largest = -1;
    for (std::size_t i = 0; i < size_; ++i) {
      const double square = squared_distance(row(i), centre);
      if (square > largest) {
        largest = square;
        farthest = i;
      }
    }
    return {row(farthest).begin(), row(farthest).end()};
  }

  MatrixView<float> points_;
  std::size_t size_;
  std::array<const float*, kSample> rows_{};
  std::vector<double> centre_;
};

/// Splits the range in two non-empty parts and returns the position; 0 if it is better left whole.
std::size_t split(MatrixView<float> points, std::span<Reference> range, std::size_t leaf_rows) {
  const bool fits = range.size() <= leaf_rows;
  if (fits && range.size() < kMinGapRows) return 0;
  const Sample sample(points, range, fits ? kGapSample : kSample);
  Direction between = sample.between_clusters();
  if (fits && between.empty()) return 0;
  std::vector<Direction> directions;
  if (!fits) directions = sample.widest_columns();
  if (!between.empty()) directions.push_back(std::move(between));
  Cut best;
  for (Direction& direction : directions) {
    Cut cut = sample.best_cut(std::move(direction));
    if (best.direction.empty() || cut.gain > best.gain) best = std::move(cut);
  }
  if (fits && best.gain < gap_share(points.cols()) * sample.scatter()) return 0;
  const auto middle = std::partition(range.begin(), range.end(), [&](const Reference& reference) {
    return best.direction.of(points.row(reference.row)) <= best.value;
  });
  // If the sample's rows are nearly equal there is no best cut: any position serves.
  if (middle == range.begin() || middle == range.end()) return fits ? 0 : range.size() / 2;
  return static_cast<std::size_t>(middle - range.begin());
}

std::size_t slot_of(std::size_t region, std::size_t column, std::size_t dimension) {
  return (region / kTileRows * dimension + column) * kTileRows + region % kTileRows;
}

}  // namespace

RegionPacks::RegionPacks(std::size_t regions, std::size_t columns)
    : count(kernels::round_up(regions, kTileRows) / kTileRows), dimension(columns) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();  // makes every bound of an empty region -infinity
  low.assign(count * dimension * kTileRows, kInfinity);
  high.assign(count * dimension * kTileRows, -kInfinity);
  centre.resize(count * dimension * kTileRows);
  radius.resize(count * kTileRows);
  rows.resize(count * kTileRows);
}

void RegionPacks::enclose(std::size_t i, MatrixView<float> points, std::span<const Reference> references) {
  std::vector<const float*> members;
  for (const Reference& reference : references) {
    if (reference.row == Reference::kNone) continue;
    rows[i] += reference.count;
    members.push_back(points.row(reference.row).data());
  }
  const Totals totals(members, dimension);
  std::vector<double> middle(dimension);
  for (std::size_t j = 0; j < dimension; ++j) {
    const std::size_t slot = slot_of(i, j, dimension);
    low[slot] = static_cast<float>(totals.low[j]);
    high[slot] = static_cast<float>(totals.high[j]);
    centre[slot] = 0.5F * low[slot] + 0.5F * high[slot];
    middle[j] = static_cast<double>(centre[slot]);
  }
  double largest = 0;
  for (const float* row : members) largest = std::max(largest, squared_distance({row, dimension}, middle));
  radius[i] = static_cast<float>(std::sqrt(largest) * (1 + 0x1p-22));  // rounded up
  // A ball whose squared radius would overflow float32 gives no bound: it becomes the whole space.
  if (radius[i] < 1e18F) return;
  radius[i] = std::numeric_limits<float>::max();
  for (std::size_t j = 0; j < dimension; ++j) centre[slot_of(i, j, dimension)] = 0;
}

LeafOrder order_by_leaves(MatrixView<float> points, std::vector<Reference> rows, std::size_t leaf_rows, int threads) {
  // All parts of a level are split in parallel, since they are independent.
  std::vector<std::span<Reference>> parts{rows};
  std::vector<char> whole{0};  // those that are not split further
  for (bool split_any = true; split_any;) {
    std::vector<std::size_t> middles(parts.size());
    parallel::parallel_for(parts.size(), threads, [&](std::size_t i, std::size_t) {
      if (whole[i] == 0) middles[i] = split(points, parts[i], leaf_rows);
    });
    std::vector<std::span<Reference>> next;
    std::vector<char> next_whole;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (middles[i] != 0) next.push_back(parts[i].first(middles[i]));
      next.push_back(parts[i].subspan(middles[i]));
      next_whole.resize(next.size(), middles[i] == 0 ? 1 : 0);
    }
    split_any = next.size() > parts.size();
    parts = std::move(next);
    whole = std::move(next_whole);
  }
  LeafOrder order;
  order.slots.reserve(rows.size() + rows.size() / 8);
  for (const auto part : parts) {
    order.first_tile.push_back(static_cast<std::uint32_t>(order.slots.size() / kTileRows));
    order.slots.insert(order.slots.end(), part.begin(), part.end());
    order.slots.resize(kernels::round_up(order.slots.size(), kTileRows));
  }
  order.first_tile.push_back(static_cast<std::uint32_t>(order.slots.size() / kTileRows));
  return order;
}

Tree make_tree(MatrixView<float> points, const LeafOrder& order, int threads) {
  Tree tree;
  tree.first_tile = order.first_tile;
  tree.leaves = RegionPacks(tree.leaf_count(), points.cols());
  tree.nodes = RegionPacks(tree.leaves.count, points.cols());
  const auto enclose = [&](RegionPacks& regions, std::size_t i, std::size_t first_leaf, std::size_t last_leaf) {
    const std::size_t begin = tree.first_tile[first_leaf] * kTileRows;
    const std::size_t end = tree.first_tile[last_leaf] * kTileRows;
    regions.enclose(i, points, std::span(order.slots).subspan(begin, end - begin));
  };
  parallel::parallel_for(tree.leaves.count, threads, [&](std::size_t node, std::size_t) {
    const std::size_t first = node * kTileRows;
    const std::size_t last = std::min(tree.leaf_count(), first + kTileRows);
    for (std::size_t leaf = first; leaf < last; ++leaf) enclose(tree.leaves, leaf, leaf, leaf + 1);
    enclose(tree.nodes, node, first, last);
  });
  return tree;
}

}  // namespace kernad::kde
