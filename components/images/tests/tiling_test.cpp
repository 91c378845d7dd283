#include "patches/tiling.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>

#include "kernad/state_dict.hpp"
#include "model/state.hpp"
#include "patches/prepare.hpp"

namespace kernad::images {
namespace {

namespace fs = std::filesystem;

TEST(TilingTest, TilesCoverTheImageAndShareAQuarter) {
  for (const std::size_t pixels : {256U, 257U, 300U, 384U, 512U, 1000U, 4096U}) {
    const Tiling tiling = make_tiling(256, pixels, 256, 256, {32, 32});
    const auto& begins = tiling.across.begins;
    EXPECT_EQ(begins.front(), 0U);
    EXPECT_EQ(begins.back() + 32, tiling.across.count) << pixels;
    for (std::size_t i = 1; i < begins.size(); ++i) EXPECT_LE(begins[i] - begins[i - 1], 24U) << pixels;
    EXPECT_NEAR(static_cast<double>(tiling.across.count), static_cast<double>(pixels) / 8, 0.5) << pixels;
    EXPECT_EQ(tiling.down.begins, (std::vector<std::size_t>{0}));
  }
}

TEST(TilingTest, RefusesWhatDoesNotFit) {
  EXPECT_THROW(static_cast<void>(make_tiling(512, 384, 600, 256, {32, 32})), InvalidParameter);
  EXPECT_THROW(static_cast<void>(make_tiling(8, 384, 600, 256, {32, 32})), InvalidParameter);
  EXPECT_THROW(static_cast<void>(make_tiling(256, 384, 600, 250, {32, 32})), InvalidParameter);
  EXPECT_THROW(static_cast<void>(make_tiling(256, 384, 600, 256, {32, 16})), InvalidParameter);
  // As many patches as a model's file may have, and one more.
  EXPECT_EQ(make_tiling(256, 384, 32'768, 256, {32, 32}).grid().rows, 4096U);
  EXPECT_THROW(static_cast<void>(make_tiling(256, 384, 32'776, 256, {32, 32})), InvalidParameter);
}

// Each tile holds a plane over the whole grid: any weighted mean of equal values is that value, up to rounding.
TEST(TilingTest, StitchedTilesAreTheWhole) {
  const Tiling tiling = make_tiling(64, 200, 150, 64, {8, 8});
  Stitch stitch(tiling);
  const Grid grid = tiling.grid();
  for (std::size_t down = 0; down < tiling.down.begins.size(); ++down) {
    for (std::size_t across = 0; across < tiling.across.begins.size(); ++across) {
      Embeddings patches(64, 2);
      for (std::size_t i = 0; i < 64; ++i) {
        patches(i, 0) = static_cast<float>(tiling.down.begins[down] + i / 8);
        patches(i, 1) = static_cast<float>(tiling.across.begins[across] + i % 8);
      }
      stitch.add(patches, down, across);
    }
  }
  const Embeddings whole = stitch.result();
  ASSERT_EQ(whole.rows(), grid.size());
  for (std::size_t i = 0; i < grid.size(); ++i) {
    EXPECT_NEAR(whole(i, 0), static_cast<double>(i / grid.cols), 1e-5);
    EXPECT_NEAR(whole(i, 1), static_cast<double>(i % grid.cols), 1e-5);
  }
}

TEST(TilingTest, AWindowIsAPartOfTheScaledImage) {
  Image image(90, 70, PixelFormat::rgb8);
  std::mt19937 generator(2);
  for (std::size_t y = 0; y < 70; ++y) {
    for (std::size_t i = 0; i < 270; ++i) image.row(y)[i] = static_cast<std::byte>(generator() & 255U);
  }
  const std::vector<double> zero(3, 0.0);
  const std::vector<double> one(3, 1.0);
  std::vector<float> whole(3 * 48 * 48);
  prepare(image, 48, zero, one, whole);
  std::vector<float> part(3 * 16 * 16);
  prepare(image, {48, 48, 20, 32}, 16, zero, one, part);
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t y = 0; y < 16; ++y) {
      for (std::size_t x = 0; x < 16; ++x) {
        ASSERT_EQ(part[(c * 16 + y) * 16 + x], whole[(c * 48 + y + 32) * 48 + x + 20]);
      }
    }
  }
}

/// Soft clouds under fine noise, 1024 x 1024; with a dark spot of 10 x 10 pixels if `spot`.
Image surface(unsigned seed, bool spot) {
  constexpr std::size_t kSide = 1024;
  constexpr std::size_t kCloud = 16;
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> clouds((kSide / kCloud + 1) * (kSide / kCloud + 1));
  for (float& value : clouds) value = 15 * normal(generator);
  Image image(kSide, kSide, PixelFormat::grey8);
  for (std::size_t y = 0; y < kSide; ++y) {
    for (std::size_t x = 0; x < kSide; ++x) {
      const float* at = clouds.data() + y / kCloud * (kSide / kCloud + 1) + x / kCloud;
      const float down = static_cast<float>(y % kCloud) / kCloud;
      const float across = static_cast<float>(x % kCloud) / kCloud;
      const float top = at[0] + across * (at[1] - at[0]);
      const float bottom = at[kSide / kCloud + 1] + across * (at[kSide / kCloud + 2] - at[kSide / kCloud + 1]);
      const bool dark = spot && y >= 600 && y < 610 && x >= 300 && x < 310;
      const float value = 128 + top + down * (bottom - top) + 4 * normal(generator) - (dark ? 90.0F : 0.0F);
      image.row(y)[x] = static_cast<std::byte>(std::lround(std::clamp(value, 0.0F, 255.0F)));
    }
  }
  return image;
}

bool holds_the_spot(const Box& box) {
  return box.x <= 310 && box.x + box.width >= 300 && box.y <= 610 && box.y + box.height >= 600;
}

class TiledModelTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = fs::temp_directory_path() / (std::to_string(::getpid()) + "tiles");
    fs::create_directories(folder_);
    for (unsigned i = 0; i < 6; ++i) {
      paths_.push_back((folder_ / (std::to_string(i) + ".png")).string());
      write_png(paths_.back(), surface(i, false));
    }
  }
  static void TearDownTestSuite() {
    paths_.clear();
    fs::remove_all(folder_);
  }
  static ImageModel fit(std::size_t tile) {
    ImageModelOptions options;
    options.components = 32;
    options.max_patches = 8192;
    options.folds = 2;
    options.width = std::numeric_limits<double>::infinity();
    options.bandwidth = 2.4;
    options.tile = tile;
    return ImageModel::fit(paths_, options);
  }
  static fs::path folder_;
  static std::vector<std::string> paths_;
};

fs::path TiledModelTest::folder_;
std::vector<std::string> TiledModelTest::paths_;

TEST_F(TiledModelTest, ASpotOfAFewPixelsIsFoundWithTilesAlone) {
  const ImageModel whole = fit(0);
  const ImageModel tiled = fit(256);
  EXPECT_EQ(whole.report().tile, 0U);
  EXPECT_EQ(tiled.report().tiles, 25U);
  EXPECT_EQ(tiled.report().grid_rows, 128U);
  const Image good = surface(20, false);
  const Image spotted = surface(20, true);
  EXPECT_GT(tiled.judge(spotted).surprisal, -tiled.calibration().log_densities()[0]) << "than any good one";
  EXPECT_LT(tiled.judge(good).surprisal, tiled.judge(spotted).surprisal);
  EXPECT_TRUE(holds_the_spot(tiled.judge(spotted).hottest));
  EXPECT_LT(whole.judge(spotted).surprisal, -whole.calibration().log_densities()[0]);
  EXPECT_FALSE(holds_the_spot(whole.judge(spotted).hottest));

  const auto path = folder_ / "model";
  tiled.save(path.string());
  const ImageModel loaded = ImageModel::load(path.string());
  EXPECT_EQ(loaded.judge(spotted).surprisal, tiled.judge(spotted).surprisal);
  EXPECT_EQ(loaded.report().image_width, 1024U);
  StateDict dict = read_safetensors(path.string());
  EXPECT_EQ(dict.metadata.at("kernad_images"), "2") << "an older kernad would judge without tiles";
  auto& text = dict.metadata.at("images");
  text.replace(text.find("\"side\":256"), 10, "\"side\":128");
  write_safetensors(path.string(), dict);
  EXPECT_THROW(static_cast<void>(ImageModel::load(path.string())), ReadError);

  const Image small(512, 512, PixelFormat::grey8);
  EXPECT_THROW(static_cast<void>(tiled.judge(small)), InvalidInput);
  const auto other = (folder_ / "small.png").string();
  write_png(other, small);
  auto mixed = paths_;
  mixed.push_back(other);
  try {
    static_cast<void>(ImageModel::fit(mixed, {.tile = 256}));
    ADD_FAILURE() << "sizes differ";
  } catch (const InvalidInput& error) {
    EXPECT_EQ(std::string(error.what()).rfind(other + ": has 512 x 512 pixels; with tiles", 0), 0U) << error.what();
  }
}

}  // namespace
}  // namespace kernad::images
