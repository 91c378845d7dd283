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

}  // namespace
}  // namespace kernad::linalg
