#include "linalg/spread.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/data.hpp"

namespace kernad::linalg {
namespace {

/// In long double, about the mean itself.
Spread plain_spread(const Embeddings& rows, std::size_t column) {
  const auto n = static_cast<long double>(rows.rows());
  long double mean = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) mean += static_cast<long double>(rows(i, column)) / n;
  long double variance = 0;
  long double fourth = 0;
  long double largest = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const long double x = static_cast<long double>(rows(i, column)) - mean;
    variance += x * x / n;
    fourth += x * x * x * x / n;
    largest = std::max(largest, std::abs(x));
  }
  return {static_cast<double>(variance), static_cast<double>(fourth), static_cast<double>(largest)};
}

// The origin is the mean of the first 256 rows. At worst, these are sqrt(n / 256) = 4 standard deviations off, and
// moving the fourth power adds 4^4 times 4 roundings for each of up to n sums: 1024 * 4096 * 2^-53 < 5e-10 of it.
TEST(SpreadsTest, AreThoseAboutTheMean) {
  constexpr std::size_t kRows = 4096;
  for (const std::size_t cols : {1, 7, 64, 65, 200}) {
    Embeddings rows(kRows, cols);
    testing::Random random(cols);
    for (std::size_t i = 0; i < kRows; ++i) {
      for (std::size_t j = 0; j < cols; ++j) {
        const double centre = j % 3 == 0 && i < 256 ? 1e3 : static_cast<double>(j);
        rows(i, j) = static_cast<float>(centre + random.normal());
      }
    }
    const auto got = spreads(Rows<float>(rows.view()), 2);
    ASSERT_EQ(got.size(), cols);
    for (std::size_t j = 0; j < cols; ++j) {
      const Spread expected = plain_spread(rows, j);
      EXPECT_NEAR(got[j].variance, expected.variance, 5e-10 * expected.variance) << j << " of " << cols;
      EXPECT_NEAR(got[j].fourth, expected.fourth, 5e-10 * expected.fourth) << j << " of " << cols;
      EXPECT_NEAR(got[j].largest, expected.largest, 5e-10 * expected.largest) << j << " of " << cols;
    }
  }
}

}  // namespace
}  // namespace kernad::linalg
