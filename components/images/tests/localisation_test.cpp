#include <gtest/gtest.h>

#include "kernad/images.hpp"

namespace kernad::images {
namespace {

Embeddings map_of(std::size_t rows, std::size_t cols, const std::vector<float>& values) {
  Embeddings map(rows, cols);
  std::copy(values.begin(), values.end(), map.data());
  return map;
}

TEST(LocalisationTest, PerfectMapsHaveAreasOfOne) {
  Localisation pixels;
  pixels.add(map_of(2, 3, {9, 1, 1, 1, 1, 9}), std::vector<std::uint8_t>{1, 0, 0, 0, 0, 1});
  const auto measured = pixels.measure();
  EXPECT_DOUBLE_EQ(measured.pixel_AUROC, 1);
  EXPECT_DOUBLE_EQ(measured.AUPRO, 1);
  EXPECT_EQ(measured.regions, 2U);
}

TEST(LocalisationTest, TiesAreOneThreshold) {
  Localisation pixels;
  pixels.add(map_of(1, 4, {5, 5, 5, 5}), std::vector<std::uint8_t>{1, 0, 0, 0});
  const auto measured = pixels.measure();
  EXPECT_DOUBLE_EQ(measured.pixel_AUROC, 0.5);
  EXPECT_NEAR(measured.AUPRO, 0.15, 1e-12);  // a straight line from 0 to 1, cut at 0.3: 0.3 / 2
}

TEST(LocalisationTest, CornersTouchAndRegionsWeighAlike) {
  // One region of two pixels that touch at a corner, found at once; one of a single pixel, found after one of five
  // good pixels: overlap 1/2 up to a false-positive rate of 0.2, a slope from there on is none, as the last is last.
  Localisation pixels;
  pixels.add(map_of(2, 2, {9, 1, 1, 9}), std::vector<std::uint8_t>{1, 0, 0, 1});
  pixels.add(map_of(1, 4, {5, 4, 1, 1}), std::vector<std::uint8_t>{0, 1, 0, 0});
  const auto measured = pixels.measure();
  EXPECT_EQ(measured.regions, 2U);
  EXPECT_NEAR(measured.AUPRO, (0.2 * 0.5 + 0.1 * 1) / 0.3, 1e-12);
  EXPECT_NEAR(measured.pixel_AUROC, 1 - 1.0 / 15, 1e-12);  // of 3 x 5 pairs one is the wrong way around
}

TEST(LocalisationTest, NeedsBothKindsOfPixels) {
  Localisation pixels;
  pixels.add(map_of(1, 2, {1, 2}), {});
  EXPECT_THROW(static_cast<void>(pixels.measure()), InvalidInput);
  EXPECT_THROW(pixels.add(map_of(1, 2, {1, 2}), std::vector<std::uint8_t>{1}), InvalidInput);
}

TEST(EnlargeTest, KeepsConstantsAndSums) {
  const Embeddings flat = ImageModel::enlarge(map_of(2, 2, {3, 3, 3, 3}), 7, 5);
  EXPECT_EQ(flat.rows(), 5U);
  EXPECT_EQ(flat.cols(), 7U);
  for (std::size_t i = 0; i < 35; ++i) EXPECT_NEAR(flat.data()[i], 3, 1e-6);
  std::vector<float> values(64);
  values[27] = 1;  // inside by more than the spline's reach: its weights add up to the pixels of a patch
  const Embeddings spot = ImageModel::enlarge(map_of(8, 8, values), 32, 32);
  double sum = 0;
  for (std::size_t i = 0; i < 1024; ++i) sum += spot.data()[i];
  EXPECT_NEAR(sum, 16, 1e-4);
}

}  // namespace
}  // namespace kernad::images
