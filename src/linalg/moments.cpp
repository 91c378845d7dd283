#include "linalg/moments.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <memory>

#include "kernels/aligned.hpp"
#include "kernels/kernels.hpp"
#include "linalg/blas.hpp"
#include "memory/huge_pages.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad::linalg {
namespace {

// The number of rows alone determines how they are divided into groups; a group is summed in order, and groups are
// merged in order. That fixes the bits for any number of threads, since threads only take whole groups.
constexpr std::size_t kChunkRows = 128;  // two panels of these fit the first-level cache, all panels the second
constexpr std::size_t kMaxGroups = 8;
constexpr std::size_t kTasksAThread = 4;
constexpr std::size_t kGroupMemory = std::size_t{4} << 20;  // doubles that the partial results of all groups may take

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

constexpr auto add_row_moments(const kernels::KernelTable& kernels, float /*type*/) {
  return kernels.add_row_moments_f32;
}
constexpr auto add_row_moments(const kernels::KernelTable& kernels, double /*type*/) {
  return kernels.add_row_moments_f64;
}
constexpr auto centre_row(const kernels::KernelTable& kernels, float /*type*/) { return kernels.centre_row_f32; }
constexpr auto centre_row(const kernels::KernelTable& kernels, double /*type*/) { return kernels.centre_row_f64; }

template <typename T>
GroupMoments moments_of_group(const Rows<T>& rows, Range range) {
  const auto add = add_row_moments(kernels::active(), T());
  const T* origin = rows.row(0).data();
  const auto first = rows.row(range.begin);
  GroupMoments moments{std::vector<double>(first.size()), {first.begin(), first.end()}, {first.begin(), first.end()}};
  auto& [sum, low, high] = moments;
  if (!rows.weights().empty()) {
    std::vector<double> difference(first.size());
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const T* row = rows.row(i).data();
      std::ranges::fill(difference, 0.0);
      add(&row, 1, origin, first.size(), difference.data(), low.data(), high.data());
      for (std::size_t j = 0; j < difference.size(); ++j) sum[j] += rows.weight(i) * difference[j];
    }
    return moments;
  }
  std::array<const T*, 16> chunk{};
  for (std::size_t begin = range.begin; begin < range.end; begin += chunk.size()) {
    const std::size_t n = std::min(chunk.size(), range.end - begin);
    for (std::size_t i = 0; i < n; ++i) chunk[i] = rows.row(begin + i).data();
    add(chunk.data(), n, origin, first.size(), sum.data(), low.data(), high.data());
  }
  return moments;
}

/// Row i of n in panels of `width` columns, times the root of its weight: products of two such values count as often.
void weigh(double* panels, std::size_t values, std::size_t n, std::size_t width, std::size_t i, double weight) {
  const double root = std::sqrt(weight);
  for (std::size_t panel = 0; panel < values; panel += n * width) {
    for (std::size_t j = 0; j < width; ++j) panels[panel + i * width + j] *= root;
  }
}

/// Rows [stripe.begin, stripe.end) of the upper triangle of one group's scatter matrix, added to out (stride columns).
template <typename T>
void add_scatter(const Rows<T>& rows, const std::vector<double>& mean, Range range, Range stripe, double* out,
                 std::size_t stride) {
  const auto& kernels = kernels::active();
  const auto centre = centre_row(kernels, T());
  const std::size_t width = kernels.scatter_columns;
  const std::size_t from = stripe.begin;
  kernels::AlignedVector<double> panels(kChunkRows * (stride - from));
  for (std::size_t begin = range.begin; begin < range.end; begin += kChunkRows) {
    const std::size_t n = std::min(kChunkRows, range.end - begin);
    for (std::size_t i = 0; i < n; ++i) {
      centre(rows.row(begin + i).data() + from, mean.data() + from, mean.size() - from, panels.data() + i * width,
             n * width);
      if (!rows.weights().empty()) weigh(panels.data(), n * (stride - from), n, width, i, rows.weight(begin + i));
    }
    for (std::size_t a = from; a < stripe.end; a += width) {
      for (std::size_t b = a; b < stride; b += width) {
        kernels.scatter_panels(panels.data() + (a - from) * n, panels.data() + (b - from) * n, n, out + a * stride + b,
                               stride, std::min(width, mean.size() - b), a == b);
      }
    }
  }
}

/// Width of the stripes of the matrix, in whole panels, that gives every thread several tasks. It does not affect the
/// bits: an entry's sum over rows is the same in any stripe.
std::size_t stripe_columns(std::size_t padded, std::size_t width, std::size_t groups, int threads) {
  const std::size_t tasks = kTasksAThread * static_cast<std::size_t>(std::max(1, threads));
  const std::size_t stripes = std::max<std::size_t>(1, tasks / groups);
  return std::max<std::size_t>(1, padded / width / stripes) * width;
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
  const double count = rows.count();
  for (std::size_t j = 0; j < cols; ++j) {
    double sum = 0;
    double low = partial[0].low[j];
    double high = partial[0].high[j];
    for (const auto& group : partial) {
      sum += group.sum[j];
      low = std::min(low, group.low[j]);
      high = std::max(high, group.high[j]);
    }
    moments.mean[j] = static_cast<double>(origin[j]) + sum / count;
    moments.largest[j] = low == high ? 0.0 : std::max(std::abs(low), std::abs(high));
  }
  return moments;
}

template <typename T>
std::vector<double> scatter(const Rows<T>& rows, const std::vector<double>& mean, int threads) {
  const std::size_t cols = rows.cols();
  const std::size_t width = kernels::active().scatter_columns;
  const std::size_t padded = (cols + width - 1) / width * width;
  const std::size_t groups = group_count(rows.rows(), padded * padded);
  const std::size_t stripe_width = stripe_columns(padded, width, groups, threads);
  const std::size_t stripes = (padded + stripe_width - 1) / stripe_width;
  const std::size_t size = padded * padded;
  // Each thread writes its groups first, which a vector would do on one. NOLINTNEXTLINE(modernize-avoid-c-arrays)
  const auto partial = std::make_unique_for_overwrite<double[]>(groups * size);
  memory::prefer_huge_pages(partial.get(), groups * size * sizeof(double));
  parallel::parallel_for(groups, threads,
                         [&](std::size_t g, std::size_t) { std::fill_n(&partial[g * size], size, 0.0); });
  parallel::parallel_for(groups * stripes, threads, [&](std::size_t task, std::size_t) {
    // The first stripes are the longest and go first.
    const std::size_t s = task / groups;
    const std::size_t g = task % groups;
    const Range stripe{s * stripe_width, std::min(padded, (s + 1) * stripe_width)};
    add_scatter(rows, mean, group_rows(rows.rows(), groups, g), stripe, &partial[g * size], padded);
  });
  // The rows of the upper triangle, row-major, are the columns of the lower one, column-major; LAPACK's 'U' needs the
  // other triangle.
  std::vector<double> result(cols * cols);
  parallel::parallel_for((cols + width - 1) / width, threads, [&](std::size_t panel, std::size_t) {
    for (std::size_t a = panel * width; a < std::min(cols, (panel + 1) * width); ++a) {
      for (std::size_t b = a; b < cols; ++b) {
        double sum = 0;
        for (std::size_t g = 0; g < groups; ++g) sum += partial[g * size + a * padded + b];
        result[b * cols + a] = sum;
      }
    }
  });
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
      if (rows.weights().empty()) continue;
      for (double& x : target) x *= std::sqrt(rows.weight(i));
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
