#include "io/labels.hpp"

#include <gtest/gtest.h>

#include "kernad/io.hpp"
#include "support/bytes.hpp"

namespace kernad::labels_test {
namespace {

using Texts = std::vector<std::string>;
using Labels = std::vector<std::uint8_t>;

std::string refusal(const Texts& texts, const LabelOptions& options = {}) {
  return testing::message_of<InvalidInput>([&] { (void)parse_labels(texts, "x", options); });
}

TEST(LabelsTest, EveryTextInAnyCase) {
  for (const char* text : {"0", "false", "normal", "good", "FALSE", "Normal", "gOOd", "0.0", "-0", " 0 ", "0e5", "no",
                           "OK", "inlier", "pass", "valid"}) {
    EXPECT_EQ(io::label_value(text), 0) << text;
  }
  for (const char* text : {"1", "true", "anomaly", "anomalous", "bad", "TRUE", "Anomaly", "1.0", "+1", "1e0", "yes",
                           "NG", "NOK", "outlier", "fail", "defect", "abnormal"}) {
    EXPECT_EQ(io::label_value(text), 1) << text;
  }
  for (const char* text : {"", " ", "2", "-1", "0.5", "nan", "inf", "1e400", "yess", "normally", "goo", "0 1", "n"}) {
    EXPECT_EQ(io::label_value(text), std::nullopt) << text;
  }
}

TEST(LabelsTest, ParseNamesRowTextAndWhatIsThere) {
  EXPECT_EQ(parse_labels({"good", "1", "normal"}, "x"), (Labels{0, 1, 0}));
  EXPECT_TRUE(parse_labels({}, "x").empty());
  EXPECT_EQ(
      refusal({"0", "may\nbe", "0.0"}),
      "x: row 1: 'may\\x0abe' is not a label; valid: 0, false, no, normal, good, ok, inlier, pass; 1, true, yes, "
      "anomaly, anomalous, bad, ng, nok, outlier, defect, fail; 1 and -1; 'good' among any others; or to name the "
      "one that is normal; found: '0', 'may\\x0abe'");
  EXPECT_EQ(refusal({"0", " "}), "x: row 1: there is no label");
}

TEST(LabelsTest, PlusAndMinusOne) {
  EXPECT_EQ(parse_labels({"1", "-1", "1.0", "-1.0"}, "x"), (Labels{0, 1, 0, 1}));
  EXPECT_EQ(parse_labels({"-1"}, "x"), Labels{1});
  EXPECT_EQ(parse_labels({"1", "1"}, "x"), (Labels{1, 1})) << "without -1 it is 0 and 1";
  EXPECT_NE(refusal({"0", "1", "-1"}).find("'-1' is not a label"), std::string::npos);
}

TEST(LabelsTest, GoodOrTheNameOfADefect) {
  EXPECT_EQ(parse_labels({"good", "broken_large", "Good", "scratch"}, "x"), (Labels{0, 1, 0, 1}));
  EXPECT_NE(refusal({"broken_large", "scratch"}).find("'broken_large' is not a label"), std::string::npos);
  EXPECT_NE(refusal({"good", "2"}).find("'2' is not a label"), std::string::npos) << "a number is no name";
}

TEST(LabelsTest, TheNormalOneByName) {
  EXPECT_EQ(parse_labels({"Benign", "malignant", "benign"}, "x", {.normal_label = "benign"}), (Labels{0, 1, 0}));
  EXPECT_EQ(parse_labels({"1", "0"}, "x", {.normal_label = "1.0"}), (Labels{0, 1}));
  EXPECT_EQ(refusal({"Benign", "malignant"}, {.normal_label = "bening"}),
            "x: no row is labelled 'bening', which is to be the normal ones' label; found: 'Benign', 'malignant'");
}

TEST(LabelsTest, AColumnThatIsCalledOkTurnsYesAround) {
  EXPECT_EQ(
      refusal({"yes", "no"}, {.column = "OK"}),
      "x: whether 'yes', 'no' mean normal or anomalous in a column of that name is not clear; name the one that is "
      "normal");
  EXPECT_EQ(parse_labels({"yes", "no"}, "x", {.normal_label = "yes", .column = "ok"}), (Labels{0, 1}));
  EXPECT_EQ(parse_labels({"good", "bad"}, "x", {.column = "good"}), (Labels{0, 1}));
  EXPECT_EQ(parse_labels({"yes", "no"}, "x", {.column = "anomaly"}), (Labels{1, 0}));
}

}  // namespace
}  // namespace kernad::labels_test
