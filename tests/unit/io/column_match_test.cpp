#include <gtest/gtest.h>

#include "kernad/io.hpp"
#include "support/bytes.hpp"

namespace kernad::column_match_test {
namespace {

using Texts = std::vector<std::string>;

std::string refusal(const Texts& wanted, const Texts& found, const Texts& known = {}) {
  return testing::message_of<InvalidInput>([&] { (void)match_columns(wanted, found, known); });
}

TEST(ColumnMatchTest, FindsEachColumn) {
  EXPECT_EQ(match_columns(Texts{"a", "b", "c"}, Texts{"c", "a", "b"}), (std::vector<std::size_t>{1, 2, 0}));
  EXPECT_EQ(match_columns(Texts{"a"}, Texts{"label", "a"}, Texts{"label"}), std::vector<std::size_t>{1});
  EXPECT_TRUE(match_columns(Texts{}, Texts{}).empty());
}

TEST(ColumnMatchTest, NamesWhatIsMissingUnknownOrThereTwice) {
  EXPECT_EQ(refusal({"a", "vib"}, {"a", "humidity"}),
            "the model's column 'vib' is missing; the model does not know 'humidity'; valid: its columns in any order, "
            "'a', 'vib', and others only if they are ignored");
  EXPECT_TRUE(refusal({"a", "b", "c"}, {"a"}).starts_with("the model's columns 'b', 'c' are missing; valid:"));
  EXPECT_TRUE(refusal({"a"}, {"a", "b"}).starts_with("the model does not know 'b'; valid:"));
  EXPECT_TRUE(refusal({"a"}, {"A"}).starts_with("the model's column 'a' is missing; the model does not know 'A'"));
  EXPECT_TRUE(refusal({"a"}, {"a", "a"}).starts_with("2 columns are named 'a'"));
  EXPECT_EQ(match_columns(Texts{"a"}, Texts{"b", "b", "a"}, Texts{"b"}), std::vector<std::size_t>{2});
}

}  // namespace
}  // namespace kernad::column_match_test
