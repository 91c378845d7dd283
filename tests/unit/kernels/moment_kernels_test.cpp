// The kernels of a fit on every target that this machine can run, against plain loops in long double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/aligned.hpp"
#include "kernels/kernels.hpp"
#include "linalg/sum_of.hpp"
#include "support/data.hpp"

namespace kernad::kernels {
namespace {

using testing::gaussian;

class MomentsOnEachTarget : public ::testing::TestWithParam<std::string> {
 protected:
  const KernelTable& kernels_ = for_target(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Targets, MomentsOnEachTarget, ::testing::ValuesIn(available_targets()),
                         [](const auto& each) { return each.param; });

TEST_P(MomentsOnEachTarget, ScatterPanelsAddALeftTransposedTimesRight) {
  const std::size_t width = kernels_.scatter_columns;
  ASSERT_LE(width, kMaxScatterColumns);
  const std::size_t stride = width + 5;
  for (const std::size_t rows : {1, 2, 3, 7, 64, 129}) {
    testing::Random random(rows);
    AlignedVector<double> left(rows * width);
    AlignedVector<double> right(rows * width);
    for (double& x : left) x = random.normal();
    for (double& x : right) x = random.normal();
    std::vector<double> out(width * stride, 0.5);
    kernels_.scatter_panels(left.data(), right.data(), rows, out.data(), stride, width, false);
    for (std::size_t a = 0; a < width; ++a) {
      for (std::size_t b = 0; b < stride; ++b) {
        long double expected = 0.5;
        long double magnitude = 0.5;
        for (std::size_t i = 0; i < rows && b < width; ++i) {
          const long double term = static_cast<long double>(left[i * width + a]) * right[i * width + b];
          expected += term;
          magnitude += std::abs(term);
        }
        // rows + 1 additions and, on targets without a fused multiply-add, a rounding of each product; what is beyond
        // the panel stays as it was.
        const double bound = static_cast<double>(magnitude) * static_cast<double>(rows + 2) * 0x1p-53;
        EXPECT_NEAR(out[a * stride + b], static_cast<double>(expected), b < width ? bound : 0) << rows << " rows";
      }
    }
  }
}

TEST_P(MomentsOnEachTarget, ScatterPanelsOfSomeColumnsOrTheUpperTriangleHaveTheSameBits) {
  const std::size_t width = kernels_.scatter_columns;
  constexpr std::size_t kRows = 37;
  testing::Random random(5);
  AlignedVector<double> left(kRows * width);
  AlignedVector<double> right(kRows * width);
  for (double& x : left) x = random.normal();
  for (double& x : right) x = random.normal();
  std::vector<double> all(width * width, 0.5);
  kernels_.scatter_panels(left.data(), right.data(), kRows, all.data(), width, width, false);
  for (std::size_t columns = 1; columns <= width; ++columns) {
    for (const bool upper : {false, true}) {
      std::vector<double> out(width * width, 0.5);
      kernels_.scatter_panels(left.data(), right.data(), kRows, out.data(), width, columns, upper);
      for (std::size_t a = 0; a < width; ++a) {
        for (std::size_t b = upper ? a : 0; b < columns; ++b) EXPECT_EQ(out[a * width + b], all[a * width + b]);
      }
    }
  }
}

TEST_P(MomentsOnEachTarget, RowsAreCentredIntoPanelsToTheBit) {
  const std::size_t width = kernels_.scatter_columns;
  const std::size_t panel_size = 3 * width;
  for (std::size_t cols = 1; cols <= 2 * width + 1; ++cols) {
    const auto row = gaussian(1, cols, cols);
    const std::vector<double> row64(row.values().begin(), row.values().end());
    std::vector<double> mean(cols);
    testing::Random random(cols);
    for (double& m : mean) m = random.normal();
    const std::size_t panels = (cols + width - 1) / width;
    AlignedVector<double> from32(panels * panel_size, 7);
    AlignedVector<double> from64(panels * panel_size, 7);
    kernels_.centre_row_f32(row.values().data(), mean.data(), cols, from32.data() + width, panel_size);
    kernels_.centre_row_f64(row64.data(), mean.data(), cols, from64.data() + width, panel_size);
    for (std::size_t i = 0; i < from32.size(); ++i) {
      const bool touched = i % panel_size / width == 1;
      const std::size_t j = i / panel_size * width + i % width;
      const double expected = !touched ? 7 : j < cols ? row64[j] - mean[j] : 0;
      EXPECT_EQ(from32[i], expected) << cols << " columns, " << i;
      EXPECT_EQ(from64[i], expected) << cols << " columns, " << i;
    }
  }
}

TEST_P(MomentsOnEachTarget, RowMomentsAreThoseOfAPlainLoopToTheBit) {
  for (std::size_t cols = 1; cols <= 19; ++cols) {
    constexpr std::size_t kRows = 10;
    const auto rows = gaussian(kRows, cols, cols);
    const std::vector<double> rows64(rows.values().begin(), rows.values().end());
    std::vector<double> sum(cols + 1, 0.25);
    std::vector<double> low(cols + 1, 0.5);
    std::vector<double> high(cols + 1, -0.5);
    auto expected_sum = sum;
    auto expected_low = low;
    auto expected_high = high;
    // Both types feed the same accumulators in turn: none, 1, 2 ... rows at a time.
    for (std::size_t count = 0; count < kRows; ++count) {
      std::vector<const float*> some;
      std::vector<const double*> some64;
      for (std::size_t i = kRows - count; i < kRows; ++i) {
        some.push_back(rows.row(i).data());
        some64.push_back(rows64.data() + i * cols);
      }
      kernels_.add_row_moments_f32(some.data(), count, rows.row(0).data(), cols, sum.data(), low.data(), high.data());
      kernels_.add_row_moments_f64(some64.data(), count, rows64.data(), cols, sum.data(), low.data(), high.data());
      for (std::size_t i = 0; i < 2 * count; ++i) {
        const double* row = some64[i % count];
        for (std::size_t j = 0; j < cols; ++j) {
          expected_sum[j] += row[j] - rows64[j];
          expected_low[j] = std::min(expected_low[j], row[j]);
          expected_high[j] = std::max(expected_high[j], row[j]);
        }
      }
    }
    EXPECT_EQ(sum, expected_sum) << cols << " columns";
    EXPECT_EQ(low, expected_low) << cols << " columns";
    EXPECT_EQ(high, expected_high) << cols << " columns";
  }
}

TEST_P(MomentsOnEachTarget, SumsOverARowAreThoseOfEightPlainSumsToTheBit) {
  for (std::size_t cols = 0; cols <= 35; ++cols) {
    const auto row = gaussian(1, cols, cols);
    testing::Random random(cols);
    std::vector<double> other(cols);
    for (double& x : other) x = random.normal();
    const auto x = [&](std::size_t j) { return static_cast<double>(row.values()[j]); };
    EXPECT_EQ(kernels_.dot(row.values().data(), other.data(), cols),
              linalg::sum_of(cols, [&](std::size_t j) { return x(j) * other[j]; }));
    EXPECT_EQ(kernels_.squared_distance(row.values().data(), other.data(), cols),
              linalg::sum_of(cols, [&](std::size_t j) { return (x(j) - other[j]) * (x(j) - other[j]); }));
  }
}

TEST_P(MomentsOnEachTarget, RowPowersAreThoseOfAPlainLoopToTheBit) {
  for (std::size_t cols = 1; cols <= 19; ++cols) {
    const auto rows = gaussian(5, cols, cols);
    const std::vector<const float*> pointers = {rows.row(3).data(), rows.row(1).data(), rows.row(4).data()};
    std::vector<double> origin(cols + 1, 0.125);
    std::vector<double> sums(4 * cols + 1, 0.25);
    std::vector<double> low(cols + 1, 0.5);
    std::vector<double> high(cols + 1, -0.5);
    auto expected_sums = sums;
    auto expected_low = low;
    auto expected_high = high;
    kernels_.add_row_powers(pointers.data(), pointers.size(), origin.data(), cols, sums.data(), low.data(),
                            high.data());
    for (const float* row : pointers) {
      for (std::size_t j = 0; j < cols; ++j) {
        const double x = static_cast<double>(row[j]) - 0.125;
        expected_sums[j] += x;
        expected_sums[cols + j] += x * x;
        expected_sums[2 * cols + j] += x * x * x;
        expected_sums[3 * cols + j] += (x * x) * (x * x);
        expected_low[j] = std::min(expected_low[j], x);
        expected_high[j] = std::max(expected_high[j], x);
      }
    }
    EXPECT_EQ(sums, expected_sums) << cols << " columns";
    EXPECT_EQ(low, expected_low) << cols << " columns";
    EXPECT_EQ(high, expected_high) << cols << " columns";
  }
}

}  // namespace
}  // namespace kernad::kernels
