#include "io/labels.hpp"

#include <gtest/gtest.h>

#include "kernad/io.hpp"
#include "support/bytes.hpp"

namespace kernad::labels_test {
namespace {

TEST(LabelsTest, EveryTextInAnyCase) {
  for (const char* text : {"0", "false", "normal", "good", "FALSE", "Normal", "gOOd", "0.0", "-0", " 0 ", "0e5"}) {
    EXPECT_EQ(io::label_value(text), 0) << text;
  }
  for (const char* text : {"1", "true", "anomaly", "anomalous", "bad", "TRUE", "Anomaly", "1.0", "+1", "1e0"}) {
    EXPECT_EQ(io::label_value(text), 1) << text;
  }
  for (const char* text : {"", " ", "2", "-1", "0.5", "nan", "inf", "1e400", "yes", "normally", "goo", "0 1"}) {
    EXPECT_EQ(io::label_value(text), std::nullopt) << text;
  }
}

TEST(LabelsTest, ParseNamesRowAndText) {
  EXPECT_EQ(parse_labels({"good", "1", "normal"}, "x"), (std::vector<std::uint8_t>{0, 1, 0}));
  EXPECT_TRUE(parse_labels({}, "x").empty());
  EXPECT_EQ(testing::message_of<InvalidInput>([] {
              (void)parse_labels({"0", "may\nbe"}, "a.csv, column 'y'");
            }),
            "a.csv, column 'y': row 1: 'may\\x0abe' is not a label; valid: 0, false, normal, good, and 1, true, "
            "anomaly, anomalous, bad");
}

}  // namespace
}  // namespace kernad::labels_test
