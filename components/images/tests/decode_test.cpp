#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "kernad/images.hpp"

namespace kernad::images {
namespace {

const std::string kFiles = KERNAD_TEST_IMAGES;

/// The colours in the test files: 7 x 5 pixels.
std::array<int, 3> colour_at(std::size_t x, std::size_t y) {
  const auto column = static_cast<int>(x);
  const auto row = static_cast<int>(y);
  return {30 * column + 10, 40 * row + 20, 12 * (column + row) + 5};
}

/// A pixel as red, green, blue of 8 bits.
std::array<int, 3> pixel(const Image& image, std::size_t x, std::size_t y) {
  const auto* bytes = image.row(y) + x * bytes_of(image.format());
  std::array<int, 3> result = {};
  for (std::size_t c = 0; c < 3; ++c) {
    const std::size_t from = channels_of(image.format()) == 1 ? 0 : image.format() == PixelFormat::bgr8 ? 2 - c : c;
    result[c] = std::to_integer<int>(bytes[from]);
  }
  return result;
}

std::vector<std::byte> contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

void expect_colours(const Image& image, int tolerance) {
  ASSERT_EQ(image.width(), 7U);
  ASSERT_EQ(image.height(), 5U);
  for (std::size_t y = 0; y < 5; ++y) {
    for (std::size_t x = 0; x < 7; ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        EXPECT_NEAR(pixel(image, x, y)[c], colour_at(x, y)[c], tolerance) << x << ", " << y << ", " << c;
      }
    }
  }
}

/// What the message is, after the file's name.
std::string refusal(const std::string& path, const ReadLimits& limits = {}) {
  try {
    static_cast<void>(read_image(path, limits));
  } catch (const ReadError& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.rfind(path + ": ", 0), 0U) << message;
    return message.substr(path.size() + 2);
  }
  return "read";
}

class TempFile {
 public:
  TempFile(const std::string& name, std::span<const std::byte> bytes)
      : path_((std::filesystem::temp_directory_path() / (std::to_string(::getpid()) + name)).string()) {
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  ~TempFile() { std::filesystem::remove(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class Lossless : public testing::TestWithParam<const char*> {};

TEST_P(Lossless, HasTheColoursThatWereWritten) { expect_colours(read_image(kFiles + "/" + GetParam()), 0); }

INSTANTIATE_TEST_SUITE_P(Files, Lossless,
                         testing::Values("rgb.png", "rgba.png", "rgb.bmp", "rgb.tif", "turned2.tif", "turned3.tif",
                                         "turned4.tif", "turned5.tif", "turned6.tif", "turned7.tif", "turned8.tif"));

class Jpeg : public testing::TestWithParam<const char*> {};

// Quality 98 without subsampling: a coefficient is off by half a step, of 1 to 4, and 64 of them make a pixel.
TEST_P(Jpeg, IsTurnedAsItsExifSays) { expect_colours(read_image(kFiles + "/" + GetParam()), 14); }

INSTANTIATE_TEST_SUITE_P(Files, Jpeg,
                         testing::Values("rgb.jpg", "turned2.jpg", "turned3.jpg", "turned4.jpg", "turned5.jpg",
                                         "turned6.jpg", "turned7.jpg", "turned8.jpg"));

TEST(DecodeTest, SixteenBitsAreKept) {
  for (const char* name : {"/grey16.png", "/grey16.tif"}) {
    const Image image = read_image(kFiles + name);
    ASSERT_EQ(image.format(), PixelFormat::grey16) << name;
    std::uint16_t value = 0;
    std::memcpy(&value, image.row(4) + 2 * 6, 2);
    EXPECT_EQ(value, 1000 * 6 + 10000 * 4 + 77) << name;
  }
  const Image colours = read_image(kFiles + "/rgb16.png");
  ASSERT_EQ(colours.format(), PixelFormat::rgb16);
  std::uint16_t green = 0;
  std::memcpy(&green, colours.row(3) + 6 * 2 + 2, 2);
  EXPECT_EQ(green, colour_at(2, 3)[1] * 257);
}

TEST(DecodeTest, PalettesBecomeColours) {
  for (const char* name : {"/palette.png", "/palette.bmp", "/palette.tif"}) {
    const Image image = read_image(kFiles + name);
    EXPECT_EQ(pixel(image, 3, 2), (std::array<int, 3>{11 * 3, 11 * 5, 11 * 7})) << name;
  }
}

TEST(DecodeTest, GreyStaysGrey) {
  EXPECT_EQ(read_image(kFiles + "/grey.png").format(), PixelFormat::grey8);
  EXPECT_EQ(read_image(kFiles + "/grey.jpg").format(), PixelFormat::grey8);
  EXPECT_EQ(pixel(read_image(kFiles + "/grey.png"), 5, 1)[0], 160);
}

TEST(DecodeTest, RefusesWhatItCannotReadByName) {
  EXPECT_EQ(refusal(kFiles + "/cmyk.jpg"), "is a CMYK image, whose colours depend on a printer; valid: grey or RGB");
  EXPECT_EQ(refusal(kFiles + "/cmyk.tif"), "is a CMYK image, whose colours depend on a printer; valid: grey or RGB");
  EXPECT_NE(refusal(kFiles + "/float.tif").find("32 bits that are no whole numbers"), std::string::npos);
  EXPECT_EQ(refusal(kFiles + "/line_end.tif").find('\n'), std::string::npos) << "libtiff quotes what the file holds";
  EXPECT_EQ(refusal(kFiles + "/bomb.png"), "claims 100000 x 100000 pixels; at most 100000000 are read");
  EXPECT_EQ(refusal(kFiles + "/none.png"), "No such file or directory");
  EXPECT_EQ(refusal(kFiles), "is no file");
  EXPECT_EQ(refusal(TempFile("empty.png", {}).path() + "x"), "No such file or directory");
  const TempFile empty("empty.png", {});
  EXPECT_EQ(refusal(empty.path()), "is empty");
  const std::string text = "this is a letter, not an image";
  const TempFile letter("letter.png", std::as_bytes(std::span(text)));
  EXPECT_EQ(refusal(letter.path()), "is no image that is read here; valid: PNG, JPEG, BMP, TIFF");
}

TEST(DecodeTest, LimitsHoldBeforeAnythingIsDecoded) {
  const ReadLimits pixels = {.max_pixels = 34};
  for (const char* name : {"/rgb.png", "/rgb.jpg", "/rgb.bmp", "/rgb.tif"}) {
    EXPECT_EQ(refusal(kFiles + name, pixels), "claims 7 x 5 pixels; at most 34 are read") << name;
  }
  const ReadLimits bytes = {.max_bytes = 10};
  EXPECT_NE(refusal(kFiles + "/rgb.png", bytes).find("at most 10 are read"), std::string::npos);
}

/// No prefix of a file is taken for the whole, but for what can be missing behind the pixels.
TEST(DecodeTest, TruncatedFilesAreRefused) {
  for (const char* name :
       {"/rgb.png", "/rgb.jpg", "/rgb.bmp", "/palette.bmp", "/rgb.tif", "/grey16.tif", "/rgb16.png"}) {
    const auto whole = contents(kFiles + name);
    std::size_t refused = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      try {
        static_cast<void>(decode_image(std::span(whole).first(size), "cut"));
      } catch (const ReadError& error) {
        EXPECT_EQ(std::string(error.what()).rfind("cut: ", 0), 0U);
        ++refused;
      }
    }
    EXPECT_GE(refused + 20, whole.size()) << name;
    EXPECT_THROW(static_cast<void>(decode_image(std::span(whole).first(whole.size() / 2), "half")), ReadError) << name;
  }
}

TEST(DecodeTest, WhatIsWrittenReadsBack) {
  Image image(5, 3, PixelFormat::rgb8);
  for (std::size_t i = 0; i < 45; ++i) image.row(i / 15)[i % 15] = static_cast<std::byte>(i * 5);
  const TempFile file("written.png", {});
  write_png(file.path(), image);
  const Image back = read_image(file.path());
  ASSERT_EQ(back.width(), 5U);
  EXPECT_EQ(std::memcmp(back.row(0), image.row(0), 45), 0);
  EXPECT_THROW(write_png("/no/such/folder/a.png", image), WriteError);
}

TEST(FoldersTest, MvtecLayoutAndMessages) {
  const std::string cookies = KERNAD_TEST_DATA "/cookies";
  EXPECT_EQ(training_images(cookies).size(), 31U);
  EXPECT_EQ(training_images(cookies + "/train/good/000.jpg").size(), 1U);
  const auto tests = mvtec_test_set(cookies);
  ASSERT_EQ(tests.size(), 46U);
  EXPECT_EQ(tests.front().kind, "cracked");
  EXPECT_EQ(tests.front().mask, cookies + "/ground_truth/cracked/000_mask.png");
  EXPECT_EQ(tests.back().kind, "good");
  EXPECT_EQ(tests.back().mask, "");
  try {
    static_cast<void>(training_images(cookies + "/test"));
    FAIL();
  } catch (const ReadError& error) {
    EXPECT_NE(std::string(error.what()).find("outside its folders; name one of those"), std::string::npos);
  }
  EXPECT_THROW(static_cast<void>(mvtec_test_set(cookies + "/test")), ReadError);
}

}  // namespace
}  // namespace kernad::images
