#include "linalg/log_volume.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace kernad::linalg {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();

TEST(LogVolumeTest, OfSmallMatricesByHand) {
  EXPECT_NEAR(log_volume(Matrix<double>({3, 0, 0, -2}, 2, 2)), std::log(6), 1e-14);
  EXPECT_NEAR(log_volume(Matrix<double>({1, 2, 3, 4}, 2, 2)), std::log(2), 1e-14);
  // Columns (1, 2, 2) and (0, 3, 4) in three dimensions: |a x b| = |(2, -4, 3)| = sqrt(29).
  EXPECT_NEAR(log_volume(Matrix<double>({1, 0, 2, 3, 2, 4}, 3, 2)), 0.5 * std::log(29), 1e-14);
}

TEST(LogVolumeTest, BeyondWhatADoubleHolds) {
  EXPECT_NEAR(log_volume(Matrix<double>({1e300, 0, 0, 1e300}, 2, 2)), 600 * std::log(10), 1e-10);
  EXPECT_NEAR(log_volume(Matrix<double>({1e-300, 0, 0, 1e-300}, 2, 2)), -600 * std::log(10), 1e-10);
}

TEST(LogVolumeTest, ThereIsNoneOfDependentColumns) {
  EXPECT_EQ(log_volume(Matrix<double>({1, 0, 2, 0}, 2, 2)), kNone);
  EXPECT_EQ(log_volume(Matrix<double>({1, 2, 2, 4}, 2, 2)), kNone);
  EXPECT_EQ(log_volume(Matrix<double>({1, 2}, 1, 2)), kNone);
  EXPECT_NEAR(log_volume(Matrix<double>({1, 1, 0, 1e-12}, 2, 2)), std::log(1e-12), 1e-3);  // 1e-13 is too near
  EXPECT_EQ(log_volume(Matrix<double>({1, 1, 0, 1e-14}, 2, 2)), kNone);
}

// A plane rotation of each pair of neighbours, by angles that differ: orthogonal columns, of lengths 1, 2, 3 ...
Matrix<double> rotated(std::size_t k) {
  Matrix<double> columns(k, k);
  for (std::size_t j = 0; j < k; ++j) columns(j, j) = static_cast<double>(j + 1);
  for (std::size_t i = 0; i + 1 < k; ++i) {
    const double c = std::cos(static_cast<double>(i));
    const double s = std::sin(static_cast<double>(i));
    for (std::size_t j = 0; j < k; ++j) {
      const double a = columns(i, j);
      const double b = columns(i + 1, j);
      columns(i, j) = c * a - s * b;
      columns(i + 1, j) = s * a + c * b;
    }
  }
  return columns;
}

TEST(LogVolumeTest, OfOrthogonalColumnsIsThatOfTheirLengths) {
  constexpr std::size_t kSize = 300;
  EXPECT_NEAR(log_volume(rotated(kSize)), std::lgamma(kSize + 1), 1e-9);
}

// One pair of 300 columns, 1e-3 from orthogonal, costs 5e-7 nats: more than a sum of so many logarithms loses.
TEST(LogVolumeTest, OnePairThatIsNotOrthogonalIsSeen) {
  constexpr std::size_t kSize = 300;
  for (const double lean : {1e-3, 0.1, 3.0}) {
    auto columns = rotated(kSize);
    for (std::size_t i = 0; i < kSize; ++i) columns(i, 17) += lean * columns(i, 200) * 18 / 201;
    // Their parts beyond the columns before them have the lengths of the rotated ones, but for the pair's.
    EXPECT_NEAR(log_volume(columns), std::lgamma(kSize + 1), 1e-9) << lean;
  }
}

// Two pairs that lean as far in opposite ways: every product of signs for one cancels every second one for the other.
TEST(LogVolumeTest, PairsThatCancelAreSeen) {
  constexpr std::size_t kSize = 300;
  for (const std::size_t pairs : {2, 4, 50}) {
    auto columns = rotated(kSize);
    for (std::size_t i = 0; i < kSize; ++i) {
      for (std::size_t pair = 0; pair < pairs; ++pair) {
        const std::size_t a = 4 * pair;
        const double lean = pair % 2 == 0 ? 1e-3 : -1e-3;
        columns(i, a) += lean * columns(i, a + 1) * static_cast<double>(a + 1) / static_cast<double>(a + 2);
      }
    }
    EXPECT_NEAR(log_volume(columns), std::lgamma(kSize + 1), 1e-9) << pairs;
  }
}

// Orthogonal up to float32, as the buffers of a module are: no decomposition, and within what is promised.
TEST(LogVolumeTest, OfColumnsRoundedToFloat32) {
  constexpr std::size_t kSize = 300;
  auto columns = rotated(kSize);
  for (std::size_t i = 0; i < kSize; ++i) {
    for (double& x : columns.row(i)) x = static_cast<double>(static_cast<float>(x));
  }
  EXPECT_NEAR(log_volume(columns), std::lgamma(kSize + 1), 1e-6);
}

}  // namespace
}  // namespace kernad::linalg
