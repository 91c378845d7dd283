#include "kde/pair_distances.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "kernels/references.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad::kde {
namespace {

// Below this share of |a|^2 + |b|^2 the expanded |a|^2 + |b|^2 - 2 a.b has lost too many digits.
constexpr double kCancelled = 1e-6;

constexpr std::size_t kDimensions = 128;

}  // namespace

PairDistances::PairDistances(MatrixView<float> rows, int threads)
    : dimension_(rows.cols()),
      width_(kernels::active().scatter_columns),
      panels_(kernels::round_up(rows.rows(), width_) * rows.cols()),
      squares_(rows.rows()),
      group_(rows.rows()) {
  static_assert(kQueries % kernels::kMaxScatterColumns == 0 && kReferences % kernels::kMaxScatterColumns == 0);
  assert(kQueries % width_ == 0 && kReferences % width_ == 0);
  const std::size_t blocks = (rows.rows() + kReferences - 1) / kReferences;
  parallel::parallel_for(blocks, threads, [&](std::size_t block, std::size_t) {
    const std::size_t last = std::min(rows.rows(), (block + 1) * kReferences);
    for (std::size_t i = block * kReferences; i < last; ++i) {
      const auto row = rows.row(i);
      double* column = panels_.data() + i / width_ * dimension_ * width_ + i % width_;
      for (std::size_t d = 0; d < row.size(); ++d) {
        const auto x = static_cast<double>(row[d]);
        column[d * width_] = x;
        squares_[i] += x * x;
      }
    }
  });
  std::vector<std::size_t> order(rows.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto compare = [&](std::size_t a, std::size_t b) {
    const auto x = rows.row(a);
    const auto y = rows.row(b);
    return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end());
  };
  std::sort(order.begin(), order.end(), compare);
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || compare(order[i - 1], order[i])) copies_.push_back(0);
    group_[order[i]] = copies_.size() - 1;
    ++copies_.back();
  }
}

double PairDistances::by_difference(std::size_t i, std::size_t j) const {
  double sum = 0;
  for (std::size_t d = 0; d < dimension_; ++d) {
    const double difference = value(i, d) - value(j, d);
    sum += difference * difference;
  }
  return sum;
}

void PairDistances::finish_row(std::size_t i, std::size_t first, std::size_t count, double* products) const {
  bool cancelled = false;
  for (std::size_t r = 0; r < count; ++r) {
    const double total = squares_[i] + squares_[first + r];
    products[r] = total - 2 * products[r];
    cancelled |= products[r] <= kCancelled * total;  // both 0 between rows at the origin
  }
  for (std::size_t r = 0; r < count && cancelled; ++r) {
    const std::size_t j = first + r;
    if (products[r] > kCancelled * (squares_[i] + squares_[j])) continue;
    products[r] = group_[i] == group_[j] ? kCopy : by_difference(i, j);
  }
  std::fill(products + count, products + kStride, kCopy);
}

kernels::AlignedVector<double> PairDistances::gather(std::span<const std::size_t> queries) const {
  kernels::AlignedVector<double> panels(kQueries * dimension_);
  for (std::size_t q = 0; q < queries.size(); ++q) {
    double* column = panels.data() + q / width_ * dimension_ * width_ + q % width_;
    for (std::size_t d = 0; d < dimension_; ++d) column[d * width_] = value(queries[q], d);
  }
  return panels;
}

void PairDistances::block(std::span<const std::size_t> queries, const double* panels, std::size_t first,
                          double* out) const {
  const std::size_t count = std::min(kReferences, rows() - first);
  const auto multiply = kernels::active().scatter_panels;
  std::fill_n(out, kQueries * kStride, 0.0);
  // A panel of references stays in the cache for all queries, and a part of its dimensions for a whole panel of
  // queries.
  for (std::size_t r = 0; r < count; r += width_) {
    for (std::size_t d = 0; d < dimension_; d += kDimensions) {
      const std::size_t n = std::min(kDimensions, dimension_ - d);
      for (std::size_t q = 0; q < queries.size(); q += width_) {
        multiply(panels + q * dimension_ + d * width_, panels_.data() + (first + r) * dimension_ + d * width_, n,
                 out + q * kStride + r, kStride, std::min(width_, count - r), false);
      }
    }
  }
  for (std::size_t q = 0; q < queries.size(); ++q) finish_row(queries[q], first, count, out + q * kStride);
}

void for_each_panel(const PairDistances& pairs, std::span<const std::size_t> queries, int threads,
                    const PanelVisit& visit) {
  using P = PairDistances;
  const std::size_t blocks = (queries.size() + P::kQueries - 1) / P::kQueries;
  parallel::parallel_for(blocks, threads, [&](std::size_t block, std::size_t worker) {
    kernels::AlignedVector<double> squares(P::kQueries * P::kStride);
    const std::size_t begin = block * P::kQueries;
    const auto members = queries.subspan(begin, std::min(P::kQueries, queries.size() - begin));
    const auto panels = pairs.gather(members);
    for (std::size_t first = 0; first < pairs.rows(); first += P::kReferences) {
      const std::size_t count = std::min(P::kReferences, pairs.rows() - first);
      pairs.block(members, panels.data(), first, squares.data());
      for (std::size_t q = 0; q < members.size(); ++q) {
        visit(begin + q, first, count, squares.data() + q * P::kStride, worker);
      }
    }
  });
}

}  // namespace kernad::kde
