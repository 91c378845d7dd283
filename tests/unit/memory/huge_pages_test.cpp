#include "memory/huge_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace kernad::memory {
namespace {

TEST(HugePagesTest, ZerosAreZeroWhateverTheirNumber) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{8}, kLargeBytes - 8, kLargeBytes, 5 * kLargeBytes + 8}) {
    const auto values = zeros<double>(bytes / sizeof(double));
    EXPECT_EQ(values.size(), bytes / sizeof(double));
    EXPECT_TRUE(std::ranges::all_of(values, [](double x) { return x == 0; })) << bytes;
  }
}

// The advice reaches into the page of what lies before: that, and what lies behind, keeps its contents.
TEST(HugePagesTest, NeighboursStayAsTheyAre) {
  std::vector<char> memory(3 * kLargeBytes, 'x');
  prefer_huge_pages(memory.data() + kLargeBytes / 2 + 7, 2 * kLargeBytes);
  EXPECT_TRUE(std::ranges::all_of(memory, [](char c) { return c == 'x'; }));
}

}  // namespace
}  // namespace kernad::memory
