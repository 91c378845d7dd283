#include "kernad/to_embeddings.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace kernad {
namespace {

TEST(ToEmbeddings, RoundsToTheNearestFloat) {
  const double half = 0x1p-24;  // half a unit in the last place of 1
  const std::vector<double> values = {0.1, 1 + half, 1 + 3 * half, -1 - 1.25 * half, 0x1p-150, 0x1.8p-149};
  const Embeddings got = to_embeddings({values.data(), 2, 3});
  ASSERT_EQ(got.rows(), 2u);
  ASSERT_EQ(got.cols(), 3u);
  EXPECT_EQ(got(0, 0), 0.1f);
  EXPECT_EQ(got(0, 1), 1.0f);  // ties to even, down and up
  EXPECT_EQ(got(0, 2), 1 + 0x1p-22f);
  EXPECT_EQ(got(1, 0), -1 - 0x1p-23f);
  EXPECT_EQ(got(1, 1), 0.0f);
  EXPECT_EQ(got(1, 2), 0x1p-148f);
}

TEST(ToEmbeddings, ReadsWhatTheViewShows) {
  const std::vector<double> values = {1, 2, -1, 3, 4, -1};
  const Embeddings got = to_embeddings({values.data(), 2, 2, 3});
  EXPECT_EQ(std::vector(got.values().begin(), got.values().end()), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(to_embeddings({}).rows(), 0u);
  EXPECT_EQ(to_embeddings({nullptr, 3, 0}).rows(), 3u);
}

TEST(ToEmbeddings, LeavesWhatIsNotFiniteToTheOneWhoRefusesIt) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> values = {std::numeric_limits<double>::quiet_NaN(), infinity, -infinity};
  const Embeddings got = to_embeddings({values.data(), 1, 3});
  EXPECT_NE(got(0, 0), got(0, 0));
  EXPECT_EQ(got(0, 1), std::numeric_limits<float>::infinity());
  EXPECT_EQ(got(0, 2), -std::numeric_limits<float>::infinity());
}

TEST(ToEmbeddings, RefusesWhatIsBeyondFloat) {
  const double largest = std::numeric_limits<float>::max();
  const std::vector<double> values = {largest, -largest, 0, std::numeric_limits<double>::lowest()};
  EXPECT_EQ(to_embeddings({values.data(), 1, 2})(0, 1), std::numeric_limits<float>::lowest());
  try {
    (void)to_embeddings({values.data(), 2, 2});
    FAIL() << "taken";
  } catch (const InvalidInput& error) {
    EXPECT_EQ(std::string(error.what()),
              "row 1, column 1: -1.7976931348623157e+308 is beyond float32, whose largest value is 3.4028235e+38");
  }
}

}  // namespace
}  // namespace kernad
