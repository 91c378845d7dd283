// Means and second moments of easy and difficult rows, compared with long double.
#include "linalg/moments.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "support/data.hpp"

namespace kernad::linalg {
namespace {

using testing::correlated;
using testing::map;

struct Case {
  std::string name;
  Embeddings data;
};

std::vector<Case> cases() {
  const auto plain = correlated(700, 53, 0.9, 1, 1);
  std::vector<Case> all{{"plain", plain}, {"one_row", correlated(1, 5, 1, 1, 2)}, {"wide", correlated(3, 90, 1, 1, 3)}};
  const auto changed = [&](const char* name, const auto& change) { all.push_back({name, map(plain, change)}); };
  changed("far_from_the_origin", [](double x, auto, auto) { return x + 1e6; });
  changed("drifting", [](double x, std::size_t i, auto) { return x + 1e3 * static_cast<double>(i); });
  changed("outlier_first", [](double x, std::size_t i, auto) { return i == 0 ? 1e30 * x : x; });
  changed("outlier_last", [](double x, std::size_t i, auto) { return i == 699 ? 1e30 * x : x; });
  changed("denormal", [](double x, auto, auto) { return 1e-42 * x; });
  changed("largest", [](double x, auto, auto) { return x < 0 ? -3.4e38 : 3.4e38; });
  changed("constant_column", [](double x, auto, std::size_t j) { return j == 7 ? 0.1 : x; });
  changed("binary", [](double x, auto, std::size_t j) { return x > 1 + static_cast<double>(j % 3) ? 1.0 : 0.0; });
  changed("six_decades", [](double x, auto, std::size_t j) { return x * std::pow(10, -static_cast<double>(j) / 8); });
  return all;
}

/// Every rounding on the way to a sum of n terms, 2^-53 each, n at most.
double bound(long double magnitude, std::size_t n) {
  return static_cast<double>(magnitude) * static_cast<double>(n) * 0x1p-53;
}

TEST(MomentsTest, MeansAndRangesOfHostileRows) {
  for (const auto& [name, data] : cases()) {
    SCOPED_TRACE(name);
    const auto moments = column_moments(Rows<float>(data.view()), 2);
    for (std::size_t j = 0; j < data.cols(); ++j) {
      long double sum = 0;
      long double distance = 0;  // to the first row: what the sums are taken of
      long double largest = 0;
      bool constant = true;
      for (std::size_t i = 0; i < data.rows(); ++i) {
        sum += data(i, j);
        distance += std::abs(static_cast<long double>(data(i, j)) - data(0, j));
        largest = std::max(largest, std::abs(static_cast<long double>(data(i, j))));
        constant = constant && data(i, j) == data(0, j);
      }
      const long double n = data.rows();
      EXPECT_NEAR(moments.mean[j], static_cast<double>(sum / n),
                  bound(distance / n, data.rows() + 2) + bound(std::abs(sum / n), 2));
      EXPECT_EQ(moments.largest[j], constant ? 0.0 : static_cast<double>(largest));
      if (constant) {
        EXPECT_EQ(moments.mean[j], static_cast<double>(data(0, j)));
      }
    }
  }
}

TEST(MomentsTest, ScatterOfHostileRows) {
  for (const auto& [name, data] : cases()) {
    SCOPED_TRACE(name);
    const Rows<float> rows(data.view());
    const std::size_t cols = data.cols();
    const auto mean = column_moments(rows, 2).mean;
    const auto scattered = scatter(rows, mean, 2);
    ASSERT_EQ(scattered.size(), cols * cols);
    for (std::size_t a = 0; a < cols; ++a) {
      for (std::size_t b = 0; b < cols; ++b) {
        long double expected = 0;
        long double magnitude = 0;
        for (std::size_t i = 0; i < data.rows() && a <= b; ++i) {
          const long double term =
              (static_cast<long double>(data(i, a)) - mean[a]) * (static_cast<long double>(data(i, b)) - mean[b]);
          expected += term;
          magnitude += std::abs(term);
        }
        // Two roundings of centring, one of the product, and as many additions as rows. The lower triangle is zero.
        EXPECT_NEAR(scattered[b * cols + a], static_cast<double>(expected), bound(magnitude, data.rows() + 3))
            << a << ", " << b;
      }
    }
  }
}

TEST(MomentsTest, TheSameBitsForAnyNumberOfThreads) {
  // More threads cut the matrix into more stripes: 200 columns have some on every target.
  const auto data = correlated(2100, 200, 0.98, 1, 4);
  const Rows<float> rows(data.view());
  const auto one = column_moments(rows, 1);
  const auto expected = scatter(rows, one.mean, 1);
  for (const int threads : {2, 3, 7, 64}) {
    const auto moments = column_moments(rows, threads);
    EXPECT_EQ(moments.mean, one.mean) << threads << " threads";
    EXPECT_EQ(moments.largest, one.largest) << threads << " threads";
    EXPECT_TRUE(scatter(rows, one.mean, threads) == expected) << threads << " threads";
  }
}

TEST(MomentsTest, SelectedRowsInDoubleAndFloatAgree) {
  const auto data = correlated(900, 30, 0.9, 2, 5);
  std::vector<std::size_t> odd(450);
  for (std::size_t i = 0; i < odd.size(); ++i) odd[i] = 2 * i + 1;
  Embeddings copied(odd.size(), 30);
  Matrix<double> in_double(odd.size(), 30);
  for (std::size_t i = 0; i < odd.size(); ++i) {
    std::copy_n(data.row(odd[i]).data(), 30, copied.row(i).data());
    std::copy_n(data.row(odd[i]).data(), 30, in_double.row(i).data());
  }
  const auto moments = column_moments(Rows<float>(copied.view()), 2);
  EXPECT_EQ(column_moments(Rows<float>(data.view(), odd), 2).mean, moments.mean);
  EXPECT_EQ(column_moments(Rows<double>(in_double.view()), 2).mean, moments.mean);
  const auto expected = scatter(Rows<float>(copied.view()), moments.mean, 2);
  EXPECT_EQ(scatter(Rows<float>(data.view(), odd), moments.mean, 2), expected);
  EXPECT_EQ(scatter(Rows<double>(in_double.view()), moments.mean, 2), expected);
}

}  // namespace
}  // namespace kernad::linalg
