#include "kernad/sketch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/sampling.hpp"

namespace kernad {
namespace {

constexpr SketchOptions kFifty = {.max_training_points = 50, .seed = 3};

Matrix<double> random_rows(std::size_t rows, std::size_t cols) {
  std::mt19937_64 engine(rows);
  std::normal_distribution<double> normal;
  Matrix<double> result(rows, cols);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < cols; ++j) result(i, j) = 1e6 + normal(engine);
  }
  return result;
}

Embeddings as_float(const Matrix<double>& rows) {
  Embeddings result(rows.rows(), rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < rows.cols(); ++j) result(i, j) = static_cast<float>(rows(i, j));
  }
  return result;
}

template <typename Body>
std::string message_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

void expect_same(const Sketch& a, const Sketch& b) {
  EXPECT_EQ(to_safetensors(a.state_dict()), to_safetensors(b.state_dict()));
}

constexpr SketchOptions kFiftyOfAll = {.max_training_points = 50, .seed = 3, .all_rows = true};

TEST(SketchTest, CountsRepeatRows) {
  const auto rows = random_rows(60, 3);
  const std::vector<std::uint32_t> counts = {2, 0, 1, 5, 1, 1};
  Matrix<double> repeated(10, 3);
  for (std::size_t i = 0, place = 0; i < 6; ++i) {
    for (std::uint32_t n = 0; n < counts[i]; ++n) std::ranges::copy(rows.row(i), repeated.row(place++).begin());
  }
  Sketch by_counts(3, {.max_training_points = 4, .seed = 3});
  by_counts.add(rows.view().middle_rows(0, 6), 100, {.counts = counts});
  Sketch by_rows(3, {.max_training_points = 4, .seed = 3});
  by_rows.add(repeated, 100);
  expect_same(by_counts, by_rows);
  EXPECT_EQ(message_of([&] { by_counts.add(rows.view().middle_rows(0, 5), 0, {.counts = counts}); }),
            "6 counts for 5 rows; one per row is needed, or none");
  Sketch moments(3, kFiftyOfAll);
  EXPECT_EQ(message_of([&] { moments.add(rows.view().middle_rows(0, 6), 0, {.counts = counts}); }),
            "all_rows counts every row once; valid: no counts, or all_rows false");
}

TEST(SketchTest, MomentsOfAllRowsAreSavedAndMerged) {
  const auto rows = random_rows(1000, 3);
  Sketch whole(3, kFiftyOfAll);
  whole.add(rows, 0);
  Sketch merged(3, kFiftyOfAll);
  for (std::size_t end = 1000; end > 0; end -= 125) {
    Sketch part(3, kFiftyOfAll);
    part.add(rows.view().middle_rows(end - 125, 125), end - 125);
    merged.merge(Sketch::from_state_dict(from_safetensors(to_safetensors(part.state_dict()))));
  }
  expect_same(whole, merged);
  expect_same(whole, Sketch::from_state_dict(whole.state_dict()));
  Sketch plain(3, kFifty);
  plain.add(rows, 0);
  EXPECT_EQ(message_of([&] { plain.merge(whole); }),
            "a sketch with max_training_points 50, seed 3 and all_rows true cannot be merged into one with "
            "max_training_points 50, seed 3 and all_rows false");
}

TEST(SketchTest, CopiesDoNotShareWhatIsAdded) {
  const auto rows = random_rows(100, 3);
  Sketch one(3, kFiftyOfAll);
  one.add(rows.view().middle_rows(0, 60), 0);
  Sketch copy = one;
  const auto before = to_safetensors(copy.state_dict());
  one.add(rows.view().middle_rows(60, 40), 60);
  EXPECT_EQ(to_safetensors(copy.state_dict()), before);
}

TEST(SketchTest, ForgetsWithMomentsOnlyWhatItKeeps) {
  const auto rows = random_rows(40, 3);
  Sketch sketch(3, kFiftyOfAll);
  sketch.add(rows, 0);
  sketch.forget(std::vector<std::string>{"7"});
  std::vector<std::uint8_t> left_out(40);
  left_out[7] = 1;
  Sketch without(3, kFiftyOfAll);
  without.add(rows, 0, {.left_out = left_out});
  expect_same(sketch, without);
  Sketch sampled(3, kFiftyOfAll);
  sampled.add(random_rows(100, 3), 0);
  const auto before = to_safetensors(sampled.state_dict());
  const std::vector<std::string> kept = {std::to_string(sampled.row_numbers()[0])};
  EXPECT_NE(message_of([&] { sampled.forget(kept); }).find("the sketch keeps 50 of 100 rows"), std::string::npos);
  EXPECT_EQ(to_safetensors(sampled.state_dict()), before);
}

TEST(SketchTest, BrokenMomentsAreRefused) {
  Sketch sketch(3, kFiftyOfAll);
  sketch.add(random_rows(60, 3), 0);
  const auto refused = [&](const auto& change) {
    auto state = sketch.state_dict();
    change(state);
    return message_of([&] { (void)Sketch::from_state_dict(state); });
  };
  EXPECT_EQ(refused([](auto& state) { state.tensors.erase("moments.sums"); }), "tensor 'moments.sums' is missing");
  EXPECT_EQ(refused([](auto& state) { state.tensors.at("moments.products").bytes[7] = std::byte{127}; }),
            "tensor 'moments.products' holds what is no digit");
  EXPECT_EQ(refused([](auto& state) { state.tensors.at("moments.products").bytes[0] = std::byte{99}; }),
            "tensor 'moments.products' holds what is no digit");
  EXPECT_NE(refused([](auto& state) {
              std::swap(state.tensors.at("moments.low"), state.tensors.at("moments.high"));
            }).find("are no range of values"),
            std::string::npos);
  EXPECT_NE(refused([](auto& state) { state.metadata["format_version"] = "1"; }).find("format_version '1'"),
            std::string::npos);
}

TEST(SketchTest, KeepsTheRowsThatAFitSamples) {
  const auto rows = as_float(random_rows(1000, 3));
  Sketch sketch(3, kFifty);
  sketch.add(rows, 0);
  const auto sample = sample_rows(1000, 50, 3);
  EXPECT_EQ(sketch.row_numbers(), std::vector<std::uint64_t>(sample.begin(), sample.end()));
  const auto kept = sketch.rows();
  for (std::size_t i = 0; i < sample.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(kept.row(i), rows.row(sample[i]))) << i;
  }
  EXPECT_EQ(sketch.rows_seen(), 1000U);
  EXPECT_FALSE(sketch.has_doubles());
}

TEST(SketchTest, AnyCutsInAnyOrderGiveTheSameBytes) {
  const auto rows = random_rows(1000, 3);
  std::vector<std::string> names(1000);
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = "part " + std::to_string(i);
  Sketch whole(3, kFifty);
  whole.add(rows, 0, {.names = names});
  std::mt19937 engine(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same cuts every time
  for (int repetition = 0; repetition < 20; ++repetition) {
    std::vector<std::size_t> cuts = {0, 1000};
    for (int i = 0; i < 7; ++i) cuts.push_back(engine() % 1001);
    std::ranges::sort(cuts);
    std::vector<Sketch> parts;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      const std::size_t count = cuts[i + 1] - cuts[i];
      parts.emplace_back(3, kFifty);
      parts.back().add(rows.view().middle_rows(cuts[i], count), cuts[i],
                       {.names = std::span(names).subspan(cuts[i], count)});
    }
    std::ranges::shuffle(parts, engine);
    Sketch merged(3, kFifty);
    for (const Sketch& part : parts) merged.merge(Sketch::from_state_dict(part.state_dict()));
    expect_same(merged, whole);
  }
}

TEST(SketchTest, KeepsDoublesExactlyWhicheverPartHasThem) {
  const auto rows = random_rows(40, 2);
  Sketch sketch(2, kFifty);
  sketch.add(as_float(rows), 0);
  EXPECT_FALSE(sketch.has_doubles());
  sketch.add(rows, 40);
  EXPECT_TRUE(sketch.has_doubles());
  const auto kept = sketch.doubles();
  const auto numbers = sketch.row_numbers();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    for (std::size_t j = 0; j < 2; ++j) {
      const double value = rows(numbers[i] % 40, j);
      EXPECT_EQ(kept(i, j), numbers[i] < 40 ? static_cast<double>(static_cast<float>(value)) : value);
    }
  }
  Sketch wider(2, {.max_training_points = 100, .seed = 3});
  EXPECT_NE(message_of([&] { wider.merge(sketch); }), "");
}

TEST(SketchTest, RowsLeftOutAreSeenButNotKept) {
  auto rows = random_rows(10, 2);
  rows(4, 1) = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::uint8_t> left_out(10);
  left_out[4] = left_out[7] = 1;
  Sketch sketch(2, kFifty);
  sketch.add(rows, 0, {.left_out = left_out});
  EXPECT_EQ(sketch.rows_seen(), 8U);
  EXPECT_EQ(sketch.ranges(), (std::vector<RowRange>{{0, 10}}));
  EXPECT_EQ(sketch.row_numbers(), (std::vector<std::uint64_t>{0, 1, 2, 3, 5, 6, 8, 9}));
}

TEST(SketchTest, NamesTheRowThatIsNotFiniteByItsNumberInTheDataSet) {
  auto rows = random_rows(10, 2);
  rows(4, 1) = std::numeric_limits<double>::infinity();
  Sketch sketch(2, kFifty);
  EXPECT_NE(message_of([&] { sketch.add(rows, 1000); }).find("row 1004, column 1 is inf"), std::string::npos);
  rows(4, 1) = 1e39;
  EXPECT_NE(message_of([&] { sketch.add(rows, 1000); }).find("row 1004, column 1: 1e+39 is beyond"), std::string::npos);
  EXPECT_EQ(sketch.rows_seen(), 0U);
  EXPECT_TRUE(sketch.ranges().empty());
}

TEST(SketchTest, NoRowCountsTwice) {
  const auto rows = random_rows(10, 2);
  Sketch a(2, kFifty);
  a.add(rows, 0);
  EXPECT_NE(message_of([&] { a.add(rows, 9); }).find("row 9"), std::string::npos);
  Sketch b(2, kFifty);
  b.add(rows, 5);
  EXPECT_NE(message_of([&] { a.merge(b); }).find("rows 5 to 9"), std::string::npos);
  EXPECT_EQ(a.rows_seen(), 10U);
}

TEST(SketchTest, GapsAreNamed) {
  const auto rows = random_rows(10, 2);
  Sketch sketch(2, kFifty);
  EXPECT_NE(message_of([&] { sketch.require_complete(); }).find("no rows"), std::string::npos);
  sketch.add(rows, 20);
  EXPECT_NE(message_of([&] { sketch.require_complete(); }).find("rows 0 to 19"), std::string::npos);
  sketch.add(rows, 0);
  EXPECT_NE(message_of([&] { sketch.require_complete(); }).find("rows 10 to 19"), std::string::npos);
  sketch.add(rows, 10);
  sketch.require_complete();
}

TEST(SketchTest, SketchesOfOtherKindsAreNotMerged) {
  Sketch sketch(2, kFifty);
  EXPECT_NE(message_of([&] { sketch.merge(Sketch(3, kFifty)); }).find("3 columns"), std::string::npos);
  EXPECT_NE(message_of([&] { sketch.merge(Sketch(2, {.max_training_points = 50, .seed = 4})); }).find("seed 4"),
            std::string::npos);
  Sketch named(2, kFifty);
  named.set_column_names({"a", "b"});
  EXPECT_NE(message_of([&] { sketch.merge(named); }).find("a, b"), std::string::npos);
}

TEST(SketchTest, AForgedStateIsRefused) {
  Sketch sketch(2, kFifty);
  sketch.add(random_rows(100, 2), 0);
  const StateDict good = sketch.state_dict();
  EXPECT_EQ(message_of([&] { (void)Sketch::from_state_dict(good); }), "");
  const auto refused = [&](const char* tensor, Tensor other) {
    StateDict state = good;
    state.tensors[tensor] = std::move(other);
    return message_of([&] { (void)Sketch::from_state_dict(state); });
  };
  const std::vector<float> nan(100, std::numeric_limits<float>::quiet_NaN());
  EXPECT_NE(refused("sketch.rows", Tensor::from(std::span<const float>(nan), {50, 2})), "");
  EXPECT_NE(refused("sketch.rows", Tensor::from(std::span<const float>(nan), {100})), "");
  const std::vector<std::int64_t> numbers(50, 7);
  EXPECT_NE(refused("sketch.row_numbers", Tensor::from(std::span<const std::int64_t>(numbers), {50})), "");
  const std::vector<std::int64_t> ends = {0, 3};
  EXPECT_NE(refused("sketch.ranges", Tensor::from(std::span<const std::int64_t>(ends), {1, 2})), "");
  const std::vector<double> rest(3);
  EXPECT_NE(refused("sketch.rest", Tensor::from(std::span<const double>(rest), {1, 3})), "");
  for (const char* key : {"format", "format_version", "seed", "rows_seen", "max_training_points"}) {
    StateDict state = good;
    state.metadata[key] = "x";
    EXPECT_NE(message_of([&] { (void)Sketch::from_state_dict(state); }), "") << key;
  }
}

TEST(SketchTest, ForgottenRowsWereNeverThere) {
  const auto rows = random_rows(1000, 3);
  std::vector<std::string> names(1000);
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = "part " + std::to_string(i);
  for (const bool named : {true, false}) {
    for (const std::size_t most : {50U, 1000U, 2000U}) {
      const SketchOptions options = {.max_training_points = most, .seed = 3};
      const RowDetails details = {.names =
                                      named ? std::span<const std::string>(names) : std::span<const std::string>()};
      Sketch sketch(3, options);
      sketch.add(rows, 0, details);
      const auto numbers = sketch.row_numbers();
      std::vector<std::string> gone;
      std::vector<std::uint8_t> left_out(1000);
      for (const std::size_t place : {0U, 7U, 49U}) {
        gone.push_back(named ? names[numbers[place]] : std::to_string(numbers[place]));
        left_out[numbers[place]] = 1;
      }
      EXPECT_EQ(sketch.forget(gone).rows, 3U);
      // The sample without them is the one of that size.
      Sketch want(3, {.max_training_points = most == 50 ? 47 : most, .seed = 3});
      want.add(rows, 0, {left_out, details.names});
      expect_same(sketch, want);
      // And stays so when rows are added.
      sketch.add(rows, 1000, details);
      want.add(rows, 1000, details);
      expect_same(sketch, want);
    }
  }
}

TEST(SketchTest, WhatCannotBeForgotten) {
  const auto rows = as_float(random_rows(100, 3));
  Sketch sketch(3, kFifty);
  sketch.add(rows.view().middle_rows(0, 50), 0);
  const auto before = sketch;
  EXPECT_EQ(message_of([&] {
              sketch.forget(std::vector<std::string>{"3", "50"});
            }),
            "no row is called '50', which is to be forgotten");
  expect_same(sketch, before);
  sketch.add(rows.view().middle_rows(50, 50), 50);
  std::vector<std::string> all;
  for (const std::uint64_t number : sketch.row_numbers()) all.push_back(std::to_string(number));
  EXPECT_EQ(message_of([&] { sketch.forget(all); }),
            "50 of 50 rows of the sample would be forgotten; two at least have to stay");
  EXPECT_EQ(sketch.forget(std::vector<std::string>{"1000", all[0]}).not_kept, std::vector<std::string>{"1000"});
  EXPECT_EQ(sketch.row_numbers().size(), 49U);
}

}  // namespace
}  // namespace kernad
