#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <random>

#include "density/choose.hpp"
#include "density/conditional_density.hpp"

namespace kernad::images {
namespace {

constexpr Grid kGrid = {4, 5};

/// Features of `images` images: noise around a value that depends on the position as far as `aligned` says.
PatchSet make_set(Grid grid, std::size_t images, double aligned) {
  PatchSet set = {grid, images, {}, Embeddings(images * grid.size(), 3)};
  std::mt19937 generator(7);
  std::normal_distribution<double> normal;
  for (std::size_t i = 0; i < set.features.rows(); ++i) {
    const auto position = static_cast<double>(i % grid.size());
    for (std::size_t j = 0; j < 3; ++j) {
      const double middle = aligned * std::sin(position * static_cast<double>(j + 1));
      set.features(i, j) = static_cast<float>(middle + normal(generator));
    }
  }
  return set;
}

PlacedPatches all_of(const PatchSet& set) {
  PlacedPatches patches = {set.features, {}};
  for (std::size_t i = 0; i < set.features.rows(); ++i) {
    patches.positions.push_back(static_cast<std::uint32_t>(i % set.grid.size()));
  }
  return patches;
}

/// The formula, term by term in long double.
double direct(const PlacedPatches& references, Grid grid, Kernel kernel, std::span<const float> feature,
              std::uint32_t position) {
  long double both = 0;
  long double place = 0;
  for (std::size_t i = 0; i < references.positions.size(); ++i) {
    long double square = 0;
    for (std::size_t j = 0; j < feature.size(); ++j) {
      const long double difference = static_cast<long double>(feature[j]) - references.features(i, j);
      square += difference * difference;
    }
    const auto down = static_cast<long double>(references.positions[i] / grid.cols) - position / grid.cols;
    const auto across = static_cast<long double>(references.positions[i] % grid.cols) - position % grid.cols;
    const long double s =
        std::exp(-(down * down + across * across) / (2 * static_cast<long double>(kernel.width) * kernel.width));
    both += s * std::exp(-square / (2 * static_cast<long double>(kernel.bandwidth) * kernel.bandwidth));
    place += s;
  }
  const auto k = static_cast<long double>(feature.size());
  return static_cast<double>(-(std::log(both / place) - k * std::log(static_cast<long double>(kernel.bandwidth)) -
                               k / 2 * std::log(2 * std::numbers::pi_v<long double>)));
}

class ConditionalDensityTest : public testing::TestWithParam<double> {};

// kernad promises 1e-4 nats for its density; features and positions are rounded to float, u = 2^-24, before it: with
// distances of up to 20 bandwidths and coordinates of up to 20 that is below 20 * 20 * u * sqrt(5) = 6e-5 more.
TEST_P(ConditionalDensityTest, IsTheFormula) {
  const PlacedPatches references = all_of(make_set(kGrid, 6, 1));
  const PlacedPatches queries = all_of(make_set(kGrid, 2, 3));
  const Kernel kernel = {0.7, GetParam()};
  const ConditionalDensity density(references, kGrid, kernel, 2);
  const auto found = density.surprisals(queries.features, queries.positions);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], direct(references, kGrid, kernel, queries.features.view().row(i), queries.positions[i]),
                1.6e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, ConditionalDensityTest,
                         testing::Values(0.25, 1.0, 4.0, std::numeric_limits<double>::infinity()));

TEST(ConditionalDensityTest, ScorerGivesTheSameBits) {
  const PatchSet set = make_set(kGrid, 6, 1);
  const PlacedPatches references = all_of(set);
  const ConditionalDensity density(references, kGrid, {0.7, 1}, 2);
  ConditionalDensity::Scorer scorer(density);
  Embeddings image(kGrid.size(), 3);
  std::copy_n(set.features.data(), 3 * kGrid.size(), image.data());
  const auto positions = std::span(references.positions).first(kGrid.size());
  EXPECT_EQ(scorer.surprisals(image), density.surprisals(image, positions));
}

TEST(ChooseTest, LikelihoodFindsWhetherPositionsMatter) {
  const Grid grid = {8, 8};
  const ChoiceOptions options = {.max_patches = 100'000, .threads = 2};
  EXPECT_LE(choose_kernel(make_set(grid, 20, 6), options).kernel.width, 0.5);
  EXPECT_GE(choose_kernel(make_set(grid, 20, 0), options).kernel.width, 8) << "as wide as the grid, or wider";
}

TEST(ChooseTest, WhatIsGivenIsKept) {
  const ChoiceOptions options = {.bandwidth = 0.8, .width = 2, .max_patches = 1000, .threads = 1};
  const Choice choice = choose_kernel(make_set(kGrid, 5, 1), options);
  EXPECT_EQ(choice.kernel.bandwidth, 0.8);
  EXPECT_EQ(choice.kernel.width, 2);
  EXPECT_TRUE(std::isfinite(choice.log_likelihood));
}

TEST(ChooseTest, ImagesThatAreAllAlikeAreRefused) {
  PatchSet set = {kGrid, 3, {}, Embeddings(60, 3)};
  EXPECT_THROW(static_cast<void>(choose_kernel(set, {.max_patches = 1000, .threads = 1})), InvalidInput);
}

TEST(FoldsTest, ImagesAreSharedOutEvenly) {
  const auto fold = folds_of(23, 5, 1);
  std::array<std::size_t, 5> sizes = {};
  for (const std::size_t f : fold) ++sizes.at(f);
  for (const std::size_t size : sizes) EXPECT_TRUE(size == 4 || size == 5);
}

}  // namespace
}  // namespace kernad::images
