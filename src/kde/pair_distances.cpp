#include "kde/pair_distances.hpp"

#include <algorithm>
#include <numeric>

#include "linalg/blas.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad::kde {
namespace {

// Below this share of |a|^2 + |b|^2 the expanded |a|^2 + |b|^2 - 2 a.b has lost too many digits.
constexpr double kCancelled = 1e-6;

constexpr std::size_t kBlockRows = 32;

}  // namespace

PairDistances::PairDistances(MatrixView<float> rows)
    : columns_(rows.cols(), rows.rows()), squares_(rows.rows()), group_(rows.rows()) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    for (std::size_t d = 0; d < row.size(); ++d) {
      columns_(d, i) = static_cast<double>(row[d]);
      squares_[i] += columns_(d, i) * columns_(d, i);
    }
  }
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
  for (std::size_t d = 0; d < columns_.rows(); ++d) {
    const double difference = columns_(d, i) - columns_(d, j);
    sum += difference * difference;
  }
  return sum;
}

void PairDistances::block(std::span<const std::size_t> queries, std::size_t first, std::size_t count,
                          double* out) const {
  const std::size_t dimension = columns_.rows();
  std::vector<double> gathered(queries.size() * dimension);
  for (std::size_t q = 0; q < queries.size(); ++q) {
    for (std::size_t d = 0; d < dimension; ++d) gathered[q * dimension + d] = columns_(d, queries[q]);
  }
  // Column-major (references x k) (k x queries).
  linalg::gemm_nn(count, queries.size(), dimension, columns_.data() + first, rows(), gathered.data(), dimension, out,
                  kernels::kScalesPanel);
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const std::size_t i = queries[q];
    double* squares = out + q * kernels::kScalesPanel;
    for (std::size_t r = 0; r < count; ++r) {
      const std::size_t j = first + r;
      const double total = squares_[i] + squares_[j];
      double square = total - 2 * squares[r];
      if (square < kCancelled * total) square = group_[i] == group_[j] ? kCopy : by_difference(i, j);
      squares[r] = square;
    }
    std::fill(squares + count, squares + kernels::kScalesPanel, kCopy);
  }
}

void for_each_panel(const PairDistances& pairs, std::span<const std::size_t> queries, int threads,
                    const PanelVisit& visit) {
  const std::size_t blocks = (queries.size() + kBlockRows - 1) / kBlockRows;
  parallel::parallel_for(blocks, threads, [&](std::size_t block, std::size_t) {
    kernels::AlignedVector<double> squares(kBlockRows * kernels::kScalesPanel);
    const std::size_t begin = block * kBlockRows;
    const auto members = queries.subspan(begin, std::min(kBlockRows, queries.size() - begin));
    for (std::size_t first = 0; first < pairs.rows(); first += kernels::kScalesPanel) {
      const std::size_t count = std::min(kernels::kScalesPanel, pairs.rows() - first);
      pairs.block(members, first, count, squares.data());
      for (std::size_t q = 0; q < members.size(); ++q) {
        visit(begin + q, first, count, squares.data() + q * kernels::kScalesPanel);
      }
    }
  });
}

}  // namespace kernad::kde
