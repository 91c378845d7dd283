#include "linalg/moments.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "kernels/aligned.hpp"
#include "kernels/kernels.hpp"
#include "kernels/projection.hpp"
#include "linalg/blas.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad::linalg {
namespace {

// Rows are cut into groups by their number alone; a group is summed in order and groups are merged in order. That
// fixes the bits whatever the number of threads, which only share out the groups.
constexpr std::size_t kChunkRows = 256;
constexpr std::size_t kStripeColumns = 128;
using kernels::kPanelColumns;
constexpr std::size_t kMaxGroups = 16;
constexpr std::size_t kGroupMemory = std::size_t{4} << 20;  // doubles that all groups' partial results may take

std::size_t group_count(std::size_t rows, std::size_t values_a_group) {
  const std::size_t by_memory =
      std::clamp<std::size_t>(kGroupMemory / std::max<std::size_t>(1, values_a_group), 1, kMaxGroups);
  return std::clamp<std::size_t>((rows + kChunkRows - 1) / kChunkRows, 1, by_memory);
}

struct Range {
  std::size_t begin;
  std::size_t end;
};

Range group_rows(std::size_t rows, std::size_t groups, std::size_t group) {
  return {rows * group / groups, rows * (group + 1) / groups};
}

/// Sums of x - first row, and the range of values, over one group.
struct GroupMoments {
  std::vector<double> sum;
  std::vector<double> low;
  std::vector<double> high;
};

template <typename T>
GroupMoments moments_of_group(const Rows<T>& rows, Range range) {
  const std::size_t cols = rows.cols();
  const auto origin = rows.row(0);
  const auto first = rows.row(range.begin);
  GroupMoments moments{std::vector<double>(cols), {first.begin(), first.end()}, {first.begin(), first.end()}};
  for (std::size_t i = range.begin; i < range.end; ++i) {
    const auto row = rows.row(i);
    for (std::size_t j = 0; j < cols; ++j) {
      const double x = static_cast<double>(row[j]);
      moments.sum[j] += x - static_cast<double>(origin[j]);
      moments.low[j] = std::min(moments.low[j], x);
      moments.high[j] = std::max(moments.high[j], x);
    }
  }
  return moments;
}

/// Centres `range` rows of columns begin .. into panels of 16 columns: panel p holds range x 16 values, zeros beyond
/// the last column.
template <typename T>
void pack_centred(const Rows<T>& rows, const std::vector<double>& mean, Range range, std::size_t first_column,
                  double* panels) {
  const std::size_t n = range.end - range.begin;
  for (std::size_t i = 0; i < n; ++i) {
    const auto row = rows.row(range.begin + i);
    for (std::size_t j = first_column; j < row.size(); j += kPanelColumns) {
      double* target = panels + ((j - first_column) * n + i * kPanelColumns);
      const std::size_t width = std::min(kPanelColumns, row.size() - j);
      for (std::size_t c = 0; c < width; ++c) target[c] = static_cast<double>(row[j + c]) - mean[j + c];
      std::fill(target + width, target + kPanelColumns, 0.0);
    }
  }
}

/// Rows [stripe.begin, stripe.end) of the upper triangle of one group's scatter matrix, added to out (stride columns).
template <typename T>
void add_scatter(const Rows<T>& rows, const std::vector<double>& mean, Range range, Range stripe, double* out,
                 std::size_t stride) {
  const auto& kernels = kernels::active();
  kernels::AlignedVector<double> panels(kChunkRows * (stride - stripe.begin));
  for (std::size_t begin = range.begin; begin < range.end; begin += kChunkRows) {
    const std::size_t n = std::min(kChunkRows, range.end - begin);
    pack_centred(rows, mean, {begin, begin + n}, stripe.begin, panels.data());
    for (std::size_t a = stripe.begin; a < stripe.end; a += kPanelColumns) {
      for (std::size_t b = a; b < stride; b += kPanelColumns) {
        kernels.scatter_panels(panels.data() + (a - stripe.begin) * n, panels.data() + (b - stripe.begin) * n, n,
                               out + a * stride + b, stride);
      }
    }
  }
}

}  // namespace

template <typename T>
ColumnMoments column_moments(const Rows<T>& rows, int threads) {
  const std::size_t cols = rows.cols();
  const std::size_t groups = group_count(rows.rows(), 3 * cols);
  std::vector<GroupMoments> partial(groups);
  parallel::parallel_for(groups, threads, [&](std::size_t g, std::size_t) {
    partial[g] = moments_of_group(rows, group_rows(rows.rows(), groups, g));
  });
  ColumnMoments moments{std::vector<double>(cols), std::vector<double>(cols)};
  const auto origin = rows.row(0);
  for (std::size_t j = 0; j < cols; ++j) {
    double sum = 0;
    double low = partial[0].low[j];
    double high = partial[0].high[j];
    for (const auto& group : partial) {
      sum += group.sum[j];
      low = std::min(low, group.low[j]);
      high = std::max(high, group.high[j]);
    }
    moments.mean[j] = static_cast<double>(origin[j]) + sum / static_cast<double>(rows.rows());
    moments.largest[j] = low == high ? 0.0 : std::max(std::abs(low), std::abs(high));
  }
  return moments;
}

template <typename T>
std::vector<double> scatter(const Rows<T>& rows, const std::vector<double>& mean, int threads) {
  const std::size_t cols = rows.cols();
  const std::size_t padded = kernels::round_up(cols, kPanelColumns);
  const std::size_t groups = group_count(rows.rows(), padded * padded);
  const std::size_t stripes = (padded + kStripeColumns - 1) / kStripeColumns;
  std::vector<std::vector<double>> partial(groups);
  for (auto& group : partial) group.resize(padded * padded);
  parallel::parallel_for(groups * stripes, threads, [&](std::size_t task, std::size_t) {
    // The first stripes are the longest and go first.
    const std::size_t s = task / groups;
    const std::size_t g = task % groups;
    const Range stripe{s * kStripeColumns, std::min(padded, (s + 1) * kStripeColumns)};
    add_scatter(rows, mean, group_rows(rows.rows(), groups, g), stripe, partial[g].data(), padded);
  });
  // Rows of the upper triangle, row-major, are columns of the lower one, column-major: LAPACK's 'U' wants the others.
  std::vector<double> result(cols * cols);
  for (std::size_t a = 0; a < cols; ++a) {
    for (std::size_t b = a; b < cols; ++b) {
      double sum = 0;
      for (const auto& group : partial) sum += group[a * padded + b];
      result[b * cols + a] = sum;
    }
  }
  return result;
}

std::vector<double> gram(const Matrix<double>& centred) {
  std::vector<double> result(centred.rows() * centred.rows());
  syrk_upper_transposed(centred.rows(), centred.cols(), centred.data(), centred.cols(), result.data(), centred.rows());
  return result;
}

template <typename T>
Matrix<double> centre(const Rows<T>& rows, const std::vector<double>& mean, int threads) {
  Matrix<double> centred(rows.rows(), rows.cols());
  const std::size_t groups = group_count(rows.rows(), 1);
  parallel::parallel_for(groups, threads, [&](std::size_t g, std::size_t) {
    const Range range = group_rows(rows.rows(), groups, g);
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const auto row = rows.row(i);
      const auto target = centred.row(i);
      for (std::size_t j = 0; j < row.size(); ++j) target[j] = static_cast<double>(row[j]) - mean[j];
    }
  });
  return centred;
}

template ColumnMoments column_moments(const Rows<float>&, int);
template ColumnMoments column_moments(const Rows<double>&, int);
template std::vector<double> scatter(const Rows<float>&, const std::vector<double>&, int);
template std::vector<double> scatter(const Rows<double>&, const std::vector<double>&, int);
template Matrix<double> centre(const Rows<float>&, const std::vector<double>&, int);
template Matrix<double> centre(const Rows<double>&, const std::vector<double>&, int);

}  // namespace kernad::linalg
