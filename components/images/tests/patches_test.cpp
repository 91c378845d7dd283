#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "patches/grid.hpp"
#include "patches/prepare.hpp"

namespace kernad::images {
namespace {

const std::vector<double> kZero(3, 0.0);
const std::vector<double> kOne(3, 1.0);

std::vector<float> prepared(const Image& image, std::size_t size, const std::vector<double>& mean = kZero,
                            const std::vector<double>& std = kOne) {
  std::vector<float> tensor(3 * size * size);
  prepare(image, size, mean, std, tensor);
  return tensor;
}

Image ramp(PixelFormat format) {
  Image image(12, 9, format);
  const std::size_t channels = channels_of(format);
  for (std::size_t y = 0; y < 9; ++y) {
    for (std::size_t i = 0; i < 12 * channels; ++i) {
      std::size_t c = i % channels;
      if ((format == PixelFormat::bgr8 || format == PixelFormat::bgra16) && c < 3) c = 2 - c;
      const std::size_t value = 10 * (i / channels) + 3 * y + 40 * c;
      if (bytes_of(format) == channels) {
        image.row(y)[i] = static_cast<std::byte>(value);
      } else {
        const auto deep = static_cast<std::uint16_t>(257 * value);
        std::memcpy(image.row(y) + 2 * i, &deep, 2);
      }
    }
  }
  return image;
}

TEST(PrepareTest, FormatsOfOneImageAreAlike) {
  const auto wanted = prepared(ramp(PixelFormat::rgb8), 5);
  for (const PixelFormat format : {PixelFormat::bgr8, PixelFormat::rgba8, PixelFormat::rgb16, PixelFormat::bgra16}) {
    const auto found = prepared(ramp(format), 5);
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 1e-6);
  }
}

/// A pixel twice as wide is the mean of what a triangle of four pixels covers: of a ramp, its middle.
TEST(PrepareTest, RampsStayRampsAndColoursAreNormalised) {
  Image image(16, 16, PixelFormat::grey8);
  for (std::size_t y = 0; y < 16; ++y) {
    for (std::size_t x = 0; x < 16; ++x) image.row(y)[x] = static_cast<std::byte>(10 * x);
  }
  const auto tensor = prepared(image, 8, {0.1, 0.2, 0.3}, {1, 2, 4});
  for (std::size_t x = 2; x < 6; ++x) {
    const double grey = (20 * static_cast<double>(x) + 5) / 255;
    EXPECT_NEAR(tensor[3 * 8 + x], grey - 0.1, 1e-6);
    EXPECT_NEAR(tensor[64 + 3 * 8 + x], (grey - 0.2) / 2, 1e-6);
    EXPECT_NEAR(tensor[128 + 3 * 8 + x], (grey - 0.3) / 4, 1e-6);
  }
  // At the edge the triangle is cut: weights 3/8, 3/8 of 1/4 ... of pixels 0, 1, 2: (3 * 0 + 3 * 10 + 1 * 20) / 7.
  EXPECT_NEAR(tensor[0], 50.0 / 7 / 255 - 0.1, 1e-6);
}

TEST(PrepareTest, RefusesImagesWithoutPixels) {
  std::vector<float> tensor(3 * 16 * 16);
  EXPECT_THROW(prepare(ImageView{}, 16, kZero, kOne, tensor), InvalidInput);
}

/// Two maps with values that a fixed rule gives.
struct Maps {
  std::vector<float> fine = std::vector<float>(3 * 8 * 6);
  std::vector<float> coarse = std::vector<float>(2 * 4 * 3);
  Maps() {
    for (std::size_t i = 0; i < fine.size(); ++i) fine[i] = static_cast<float>(std::sin(0.7 * static_cast<double>(i)));
    for (std::size_t i = 0; i < coarse.size(); ++i)
      coarse[i] = static_cast<float>(std::cos(1.3 * static_cast<double>(i)));
  }
  [[nodiscard]] std::vector<FeatureMap> maps() const { return {{fine, 3, 8, 6}, {coarse, 2, 4, 3}}; }
};

TEST(GridTest, PatchesAreMeansOfTheirNeighbourhood) {
  const Maps maps;
  const Embeddings patches = join(maps.maps());
  ASSERT_EQ(patches.rows(), 48U);
  ASSERT_EQ(patches.cols(), 5U);
  const auto fine = [&](std::size_t c, std::size_t y, std::size_t x) { return maps.fine[(c * 8 + y) * 6 + x]; };
  double sum = 0;
  for (std::size_t y = 2; y < 5; ++y) {
    for (std::size_t x = 3; x < 6; ++x) sum += fine(1, y, x);
  }
  EXPECT_NEAR(patches(3 * 6 + 4, 1), sum / 9, 1e-6);
  EXPECT_NEAR(patches(0, 2), (fine(2, 0, 0) + fine(2, 0, 1) + fine(2, 1, 0) + fine(2, 1, 1)) / 4, 1e-6);
}

TEST(GridTest, ProjectingFirstIsTheSame) {
  const Maps maps;
  Projection projection = {{0.1F, -0.2F, 0.3F, 0.4F, -0.5F}, Embeddings(5, 2)};
  for (std::size_t i = 0; i < 10; ++i) projection.axes.data()[i] = static_cast<float>(i) * 0.3F - 1;
  const Embeddings patches = join(maps.maps());
  const Embeddings projected = project(maps.maps(), projection);
  for (std::size_t i = 0; i < patches.rows(); ++i) {
    for (std::size_t k = 0; k < 2; ++k) {
      double wanted = 0;
      for (std::size_t c = 0; c < 5; ++c) wanted += (patches(i, c) - projection.mean[c]) * projection.axes(c, k);
      EXPECT_NEAR(projected(i, k), wanted, 1e-5);
    }
  }
}

}  // namespace
}  // namespace kernad::images
