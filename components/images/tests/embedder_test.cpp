#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "kernad/image_embeddings.hpp"
#include "model/state.hpp"

namespace kernad::images {
namespace {

const std::string kGood = KERNAD_TEST_DATA "/cookies/train/good/";

const Embedder& small_embedder() {
  static const Embedder embedder({.path = "", .layers = {"b10", "b4"}, .size = 128}, 2);
  return embedder;
}

// The mean over a map's values, one by one in double; pooled values are rounded to float once.
TEST(EmbedderTest, AColumnIsTheMeanOfAChannel) {
  const Image image = read_image(kGood + "003.jpg");
  BackboneFile file = read_backbone({.path = "", .layers = {"b10", "b4"}, .size = 128});
  const Backbone backbone(file, 1);
  Backbone::Runner runner(backbone);
  const auto maps = run_backbone(runner, file, image);
  const auto row = small_embedder().embed(image);
  ASSERT_EQ(row.size(), 152U);
  std::size_t column = 0;
  for (const auto& map : maps) {
    const std::size_t size = map.rows * map.cols;
    for (std::size_t c = 0; c < map.channels; ++c, ++column) {
      double sum = 0;
      for (std::size_t i = 0; i < size; ++i) sum += map.values[c * size + i];
      EXPECT_EQ(row[column], static_cast<float>(sum / static_cast<double>(size))) << column;
    }
  }
}

TEST(EmbedderTest, LayersAreJoinedInTheOrderOfTheirNames) {
  const auto names = small_embedder().column_names();
  ASSERT_EQ(names.size(), 152U);
  EXPECT_EQ(names[0].rfind("b10.0@", 0), 0U);
  EXPECT_EQ(names[112].rfind("b4.0@", 0), 0U);
  EXPECT_EQ(names[151].rfind("b4.39@", 0), 0U);
}

TEST(EmbedderTest, NamesTellNetworksAndTheirInputsApart) {
  const auto end_of = [](const BackboneOptions& options) {
    const auto name = Embedder(options, 1).column_names()[0];
    return name.substr(name.find('@'));
  };
  const std::string end = end_of({.path = "", .size = 64});
  EXPECT_EQ(end.size(), 9U);
  EXPECT_EQ(end, end_of({.path = "", .layers = {"b4"}, .size = 64})) << "the layer is in the name";
  EXPECT_NE(end, end_of({.path = "", .size = 96}));
  EXPECT_NE(end, end_of({.path = "", .size = 64, .mean = {0.5, 0.5, 0.4}}));
  EXPECT_NE(end, end_of({.path = "", .size = 64, .std = {0.5, 0.5, 0.4}}));
}

TEST(EmbedderTest, FilesGiveTheRowsOfTheirImages) {
  const std::vector<std::string> paths = {kGood + "004.jpg", kGood + "001.jpg", kGood + "007.jpg"};
  const auto many = small_embedder().embed(paths);
  EXPECT_EQ(many.names, paths);
  ASSERT_EQ(many.rows.rows(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto row = small_embedder().embed(read_image(paths[i]));
    EXPECT_TRUE(std::ranges::equal(row, many.rows.view().row(i))) << i;
  }
}

TEST(EmbedderTest, UnreadableImagesEndItOrAreReported) {
  const auto bad = std::filesystem::temp_directory_path() / (std::to_string(::getpid()) + "embed.png");
  std::ofstream(bad) << "no image";
  const std::vector<std::string> paths = {bad.string(), kGood + "001.jpg"};
  EXPECT_THROW(static_cast<void>(small_embedder().embed(paths)), ReadError);
  std::vector<std::string> reported;
  const auto report = [&](const std::string& message) { reported.push_back(message); };
  EXPECT_EQ(small_embedder().embed(paths, report).names, (std::vector<std::string>{paths[1]}));
  ASSERT_EQ(reported.size(), 1U);
  EXPECT_EQ(reported[0].rfind(bad.string() + ": ", 0), 0U);
  EXPECT_THROW(static_cast<void>(small_embedder().embed(std::span(paths).first(1), report)), InvalidInput);
  std::filesystem::remove(bad);
}

}  // namespace
}  // namespace kernad::images
