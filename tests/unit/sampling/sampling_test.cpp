#include "kernad/sampling.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace kernad {
namespace {

TEST(SamplingTest, KeysAreThoseOfEveryMachine) {
  // Fixed values: models fitted elsewhere must choose the same rows.
  EXPECT_EQ(row_key(0, 0), row_key(0, 0));
  EXPECT_NE(row_key(0, 1), row_key(1, 0));
  EXPECT_EQ(sample_rows(20, 5, 0), (std::vector<std::size_t>{1, 3, 4, 17, 18}));
  EXPECT_EQ(sample_rows(20, 5, 1), (std::vector<std::size_t>{6, 7, 9, 14, 17}));
}

TEST(SamplingTest, AllRowsWhenThereAreNoMore) {
  EXPECT_EQ(sample_rows(3, 3, 7), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(sample_rows(3, 9, 7), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_TRUE(sample_rows(0, 9, 7).empty());
}

TEST(SamplingTest, ChunksMergeToTheSameChoice) {
  // Two machines hold half the rows each and keep their smallest keys; the smallest of both are those of all rows.
  constexpr std::size_t kRows = 1000;
  constexpr std::size_t kCount = 50;
  std::set<std::pair<std::uint64_t, std::size_t>> keyed;
  for (std::size_t row = kRows; row-- > 0;) {
    keyed.emplace(row_key(42, row), row);
    if (keyed.size() > kCount) keyed.erase(std::prev(keyed.end()));
  }
  std::vector<std::size_t> rows;
  for (const auto& entry : keyed) rows.push_back(entry.second);
  std::sort(rows.begin(), rows.end());
  EXPECT_EQ(sample_rows(kRows, kCount, 42), rows);
}

TEST(SamplingTest, TheSmallestKeysWhateverTheCount) {
  constexpr std::size_t kRows = 300;
  std::vector<std::size_t> by_key(kRows);
  std::iota(by_key.begin(), by_key.end(), std::size_t{0});
  std::sort(by_key.begin(), by_key.end(), [](auto a, auto b) { return row_key(3, a) < row_key(3, b); });
  for (std::size_t count = 0; count <= kRows; ++count) {
    std::vector<std::size_t> rows(by_key.begin(), by_key.begin() + static_cast<std::ptrdiff_t>(count));
    std::sort(rows.begin(), rows.end());
    ASSERT_EQ(sample_rows(kRows, count, 3), rows);
  }
}

TEST(SamplingTest, EveryRowIsAsLikelyAsAnother) {
  // 2,000 seeds choose 10 of 100 rows: each row 200 times, standard deviation sqrt(2000 * 0.1 * 0.9) = 13.4.
  std::vector<int> chosen(100);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    for (const std::size_t row : sample_rows(100, 10, seed)) ++chosen[row];
  }
  // Five deviations: a fair sampler fails in one of 17,000 such hundreds, and the seeds are fixed.
  for (const int count : chosen) EXPECT_NEAR(count, 200, 5 * std::sqrt(2000 * 0.1 * 0.9));
}

}  // namespace
}  // namespace kernad
