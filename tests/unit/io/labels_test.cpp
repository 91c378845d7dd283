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
      "one that is normal (normal_label); found: '0', 'may\\x0abe'");
  const std::vector<std::size_t> numbers = {7, 900};
  EXPECT_EQ(refusal({"0", " "}, {.rows = numbers}), "x: row 900: there is no label; the row has to be left out");
  EXPECT_THROW(static_cast<void>(parse_labels({"0"}, "x", {.rows = numbers})), InvalidParameter);
  EXPECT_EQ(refusal({"0", " "}), "x: row 1: there is no label; the row has to be left out");
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
      "x: whether 'yes', 'no' mean normal or anomalous in a column called 'OK' is not clear; name the one that is "
      "normal (normal_label)");
  EXPECT_EQ(parse_labels({"yes", "no"}, "x", {.normal_label = "yes", .column = "ok"}), (Labels{0, 1}));
  EXPECT_EQ(parse_labels({"good", "bad"}, "x", {.column = "good"}), (Labels{0, 1}));
  EXPECT_EQ(parse_labels({"yes", "no"}, "x", {.column = "anomaly"}), (Labels{1, 0}));
}

TEST(LabelsTest, ColumnsWhoseNameSaysThatAYesIsNormal) {
  for (const char* name : {"ok",
                           "is_ok",
                           "isOK",
                           "OKFlag",
                           "quality-ok",
                           "ok?",
                           "is normal",
                           "Is_Normal",
                           "isNormal",
                           "in_spec",
                           "inSpec",
                           "In Spec",
                           "within tolerance",
                           "conform",
                           "conforming",
                           "healthy",
                           "accepted",
                           "gut",
                           "io",
                           "IO",
                           "iO",
                           "i.O.",
                           "Teil i.O.",
                           "ok_nok",
                           "pass/fail",
                           "ist_gut",
                           "valid",
                           "ok2",
                           "no_defect",
                           "not_faulty",
                           "defect free",
                           "defectFree",
                           "without_damage",
                           "flawless",
                           "in_Ordnung"}) {
    EXPECT_NE(refusal({"1", "0"}, {.column = name}), "") << name;
    EXPECT_NE(refusal({"True", "False"}, {.column = name}), "") << name;
  }
  for (const char* name :
       {"",           "label",     "not_ok",      "not ok",      "notOk", "is_abnormal", "abnormal",  "non_conform",
        "nonConform", "nok",       "nio",         "NIO",         "nIO",   "n.i.O.",      "n_io",      "invalid",
        "is_invalid", "unhealthy", "out_of_spec", "not_in_spec", "spec",  "defect",      "is_defect", "fault_code",
        "n_defects",  "anomaly",   "normalized",  "okra",        "ratio", "free",        "in",        "nicht_gut"}) {
    EXPECT_EQ(parse_labels({"1", "0"}, "x", {.column = name}), (Labels{1, 0})) << name;
  }
}

TEST(LabelsTest, AMissingLabelIsNoAnomaly) {
  for (const char* text : {"", "NA", "N/A", "#N/A", "nan", "<NA>", "NaT", "None", "null", "?", "-", " unknown "}) {
    for (const char* normal : {"", "good"}) {
      const LabelOptions options = {.normal_label = normal};
      EXPECT_NE(refusal({"good", "crack", text}, options).find("x: row 2: "), std::string::npos) << text;
      const LabelOptions allowed = {.normal_label = normal, .allow_missing = true};
      EXPECT_EQ(parse_labels({"good", "crack", text}, "x", allowed), (Labels{0, 1, missing_label})) << text;
    }
  }
  EXPECT_EQ(refusal({"good", "NA", "crack"}),
            "x: row 1: 'NA' is a missing value, there is no label; the row has to be left out");
  EXPECT_EQ(parse_labels({"1", "?", "-1"}, "x", {.allow_missing = true}), (Labels{0, missing_label, 1}));
  EXPECT_EQ(parse_labels({"none", "crack"}, "x", {.normal_label = "none"}), (Labels{0, 1})) << "said to be a label";
  EXPECT_EQ(io::parse_label_column({"NA", "0", "1"}, "x", {.allow_missing = true}), (Labels{missing_label, 0, 1}));
}

TEST(LabelsTest, TheHeadingOfAFileAndTheNameOfAnArrayCount) {
  EXPECT_NE(testing::message_of<InvalidInput>([] { (void)io::parse_label_column({"is_ok", "1", "0"}, "x", {}); }), "");
  EXPECT_EQ(io::parse_label_column({"is_ok", "1", "0"}, "x", {.normal_label = "1"}), (Labels{0, 1}));
}

}  // namespace
}  // namespace kernad::labels_test
