#include "sampling/row_weights.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernad/error.hpp"

namespace kernad::sampling {
namespace {

using Doubles = std::vector<double>;
using Places = std::vector<std::size_t>;

template <typename Error>
std::string message_of(const Doubles& weights, std::size_t rows) {
  try {
    (void)RowWeights(weights, rows);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(RowWeightsTest, NoWeightsCountEachRowOnce) {
  const RowWeights weights({}, 3);
  EXPECT_TRUE(weights.are_whole());
  EXPECT_EQ(weights.repeated_count(), 3U);
  EXPECT_EQ(weights.counted_rows(), (Places{0, 1, 2}));
  EXPECT_EQ(weights.rows_at(Places{0, 2}), (Places{0, 2}));
}

TEST(RowWeightsTest, WholeWeightsRepeatRowsInPlace) {
  const Doubles given = {0, 2, 0, 1, 3, 0};
  const RowWeights weights(given, 6);
  EXPECT_TRUE(weights.are_whole());
  EXPECT_EQ(weights.repeated_count(), 6U);
  EXPECT_EQ(weights.rows_at(Places{0, 1, 2, 3, 4, 5}), (Places{1, 1, 3, 4, 4, 4}));
  EXPECT_EQ(weights.rows_at(Places{1, 5}), (Places{1, 4}));
}

TEST(RowWeightsTest, OthersLeaveRowsOfZeroOut) {
  const Doubles given = {0.5, 0, 2};
  const RowWeights weights(given, 3);
  EXPECT_FALSE(weights.are_whole());
  EXPECT_EQ(weights.total(), 2.5);
  EXPECT_EQ(weights.counted_rows(), (Places{0, 2}));
  EXPECT_EQ(weights.positive(), (Doubles{0.5, 2}));
}

TEST(RowWeightsTest, WhatIsNoWeightIsRefusedByItsRow) {
  EXPECT_EQ(message_of<InvalidInput>({1, 1, -1}, 3), "the weight of row 2 is -1; valid: 0 or more, and finite");
  EXPECT_EQ(message_of<InvalidInput>({1, std::nan("")}, 2), "the weight of row 1 is nan; valid: 0 or more, and finite");
  EXPECT_EQ(message_of<InvalidInput>({std::numeric_limits<double>::infinity(), 1}, 2),
            "the weight of row 0 is inf; valid: 0 or more, and finite");
  EXPECT_EQ(message_of<InvalidInput>({2, 1e-30}, 2),
            "the weight of row 1 is 1e-30, the sum of all is 2; valid: 0, or 1.1e-19 of the sum and more");
  EXPECT_EQ(message_of<InvalidParameter>({1, 1}, 3), "2 weights for 3 rows; one per row is needed, or none");
  EXPECT_EQ(message_of<InvalidInput>({0, 0}, 2), "the weights add up to 0; they count rows, and more than 1 is needed");
  EXPECT_EQ(message_of<InvalidInput>({4e9, 4e9}, 2),
            "the weights add up to 8e+09; at most 4294967295 rows can be counted");
}

}  // namespace
}  // namespace kernad::sampling
