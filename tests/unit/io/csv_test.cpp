#include "io/csv.hpp"

#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <limits>
#include <memory>

#include "support/bytes.hpp"

namespace kernad::csv_test {
namespace {

using testing::message_of;
using Texts = std::vector<std::string>;

Table table(const std::string& text, const ReadOptions& options = {}, char delimiter = ',') {
  auto source = std::make_unique<files::MemorySource>("a.csv", testing::as_bytes(text));
  return io::read_all(*io::csv_rows(std::move(source), delimiter, options));
}

std::vector<float> values(const std::string& text, const ReadOptions& options = {}, char delimiter = ',') {
  const Table read = table(text, options, delimiter);
  return {read.features.values().begin(), read.features.values().end()};
}

std::string refusal(const std::string& text, const ReadOptions& options = {}) {
  return message_of<ReadError>([&] { (void)table(text, options); });
}

std::vector<std::uint8_t> labels(const std::string& text) {
  files::MemorySource source("a.csv", testing::as_bytes(text));
  return io::read_csv_labels(source, ',');
}

TEST(CsvTest, RowsAndColumns) {
  const Table read = table("1,2.5,-3\n4e2,.5,6.\n");
  EXPECT_EQ(read.features.rows(), 2u);
  EXPECT_EQ(read.features.cols(), 3u);
  EXPECT_TRUE(read.column_names.empty());
  EXPECT_TRUE(read.labels.empty());
  EXPECT_EQ(values("1,2.5,-3\n4e2,.5,6.\n"), (std::vector<float>{1, 2.5, -3, 400, 0.5, 6}));
}

TEST(CsvTest, LineEndsBlankLinesAndByteOrderMark) {
  const std::vector<float> wanted = {1, 2, 3, 4};
  for (const char* text : {"1,2\n3,4", "1,2\n3,4\n", "1,2\r\n3,4\r\n", "1,2\r3,4\r", "\n\n1,2\n  \n3,4\n\n",
                           "\xef\xbb\xbf"
                           "1,2\n3,4\n"}) {
    EXPECT_EQ(values(text), wanted) << text;
  }
}

TEST(CsvTest, BlanksPlusAndQuotes) {
  EXPECT_EQ(values(" 1 ,\t2\n\"3\",\" +4 \"\n"), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(values("1\t 2\n3\t4\n", {}, '\t'), (std::vector<float>{1, 2, 3, 4}));
}

TEST(CsvTest, SpecialValuesPass) {
  const std::vector<float> read = values("nan,NaN,inf,-Infinity\n");
  EXPECT_TRUE(std::isnan(read[0]) && std::isnan(read[1]));
  EXPECT_EQ(read[2], std::numeric_limits<float>::infinity());
  EXPECT_EQ(read[3], -std::numeric_limits<float>::infinity());
}

TEST(CsvTest, TooSmallIsZeroTooLargeIsRefused) {
  EXPECT_EQ(values("1e-400,-0.1e-330,1e-99999999999999999999," + ("0." + std::string(400, '0')) + "1\n"),
            (std::vector<float>{0, 0, 0, 0}));
  for (const std::string& number : {std::string("1e39"), std::string("-1e400"), std::string("0.001e404"),
                                    "1" + std::string(400, '0'), std::string("1e+99999999999999999999")}) {
    const std::string message = message_of<InvalidInput>([&] { (void)values("1,2\n3," + number + "\n"); });
    EXPECT_TRUE(message.starts_with("a.csv: line 2, column 1: '" + number.substr(0, 60))) << message;
    EXPECT_NE(message.find(" is beyond float32, whose largest value is 3.4028235e+38"), std::string::npos) << message;
  }
}

TEST(CsvTest, HeadingIsDetected) {
  EXPECT_EQ(table("a,b\n1,2\n").column_names, (Texts{"a", "b"}));
  EXPECT_EQ(table("\"a \"\"x\"\"\",b7\n1,2\n").column_names, (Texts{"a \"x\"", "b7"}));
  EXPECT_EQ(table(",b\n1,2\n").column_names, (Texts{"", "b"}));
  EXPECT_EQ(table("x,7\n1,2\n", {"x"}).column_names, Texts{"7"}) << "its name is announced";
  EXPECT_TRUE(table("1,2\n").column_names.empty());
  EXPECT_EQ(table("a,b\n").features.rows(), 0u);
}

TEST(CsvTest, AFirstLineThatMayBeEitherIsRefused) {
  // If a faulty row were taken for a heading, it would be lost, and every later score would be one row off.
  EXPECT_EQ(
      refusal("NA,2,3\n4,5,6\n"),
      "a.csv: line 1, column 0: 'NA' is not a number, but 2 other fields of the line are; if it is a heading, say so "
      "(header: present), else that there is none (header: absent)");
  EXPECT_NE(refusal("1,2,goood\n3,4,bad\n", {"-1"}).find("'goood' is not a number"), std::string::npos);
  EXPECT_EQ(table("NA,2,3\n4,5,6\n", {"", CsvHeader::present}).features.rows(), 1u);
}

TEST(CsvTest, HeadingByOption) {
  const Table named = table("1,2\n3,4\n", {"", CsvHeader::present});
  EXPECT_EQ(named.column_names, (Texts{"1", "2"}));
  EXPECT_EQ(named.features.rows(), 1u);
  EXPECT_EQ(refusal("a,2\n3,4\n", {"", CsvHeader::absent}), "a.csv: line 1, column 0: 'a' is not a number");
}

TEST(CsvTest, LabelColumnByNameAndNumber) {
  const std::string text = "a,label,b\n1,good,2\n3,bad,4\n";
  for (const char* column : {"label", "1", "-2"}) {
    const Table read = table(text, {column});
    EXPECT_EQ(read.labels, (Texts{"good", "bad"})) << column;
    EXPECT_EQ(read.column_names, (Texts{"a", "b"})) << column;
    EXPECT_EQ(read.features.cols(), 2u) << column;
    EXPECT_EQ(read.features(1, 1), 4) << column;
  }
}

TEST(CsvTest, LabelTextsAreNoHeading) {
  const Table read = table("1,2,good\n3,4,bad\n", {"-1"});
  EXPECT_EQ(read.labels, (Texts{"good", "bad"}));
  EXPECT_EQ(table("0,1,kind\n3,4,bad\n", {"2", CsvHeader::present}).labels, Texts{"bad"});
}

TEST(CsvTest, ANameGoesBeforeANumber) {
  EXPECT_EQ(table("0,x,1\n5,6,7\n", {"1", CsvHeader::present}).labels, Texts{"7"});
}

TEST(CsvTest, LabelColumnsThatAreNotThere) {
  const auto wrong = [](const std::string& text, const std::string& column) {
    return message_of<InvalidParameter>([&] { (void)table(text, {column}); });
  };
  EXPECT_EQ(wrong("a,b\n1,2\n", "y"), "a.csv: there is no column 'y'; valid: 'a', 'b', or a number from -2 to 1");
  EXPECT_EQ(wrong("1,2\n", "y"),
            "a.csv: there is no column 'y'; valid: no name, as the file has no heading, or a number from -2 to 1");
  EXPECT_NE(wrong("1,2\n", "2").find("from -2 to 1"), std::string::npos);
  EXPECT_NE(wrong("1,2\n", "-3").find("from -2 to 1"), std::string::npos);
  EXPECT_NE(wrong("a,a\n1,2\n", "a").find("more than one column is named 'a'"), std::string::npos);
  EXPECT_EQ(table("a,a,y\n1,2,0\n", {"y"}).labels, Texts{"0"});
}

TEST(CsvTest, ErrorsNameLineAndColumn) {
  EXPECT_EQ(refusal(""), "a.csv: is empty; rows of numbers are needed");
  EXPECT_EQ(refusal("\n \n"), "a.csv: is empty; rows of numbers are needed");
  EXPECT_EQ(refusal("1,2\n\n3\n"), "a.csv: line 3: 1 fields where the first row has 2");
  EXPECT_EQ(refusal("1,2\r\n3,4,5\r\n"), "a.csv: line 2: 3 fields where the first row has 2");
  EXPECT_EQ(refusal("a,b\n1,2\n3,\n"), "a.csv: line 3, column 1 ('b'): is empty; a number is needed");
  EXPECT_EQ(refusal("1,2\n3,4x\n"), "a.csv: line 2, column 1: '4x' is not a number");
  EXPECT_EQ(refusal("1,2\n3,\"4\n5\"\n"), "a.csv: line 2, column 1: '4\\x0a5' is not a number");
  for (const char* bad : {"0x10", "1e", "+-1", "--1", "1 2", "1.2.3", "1_000", "NA", "+"}) {
    EXPECT_EQ(refusal("1\n" + std::string(bad) + "\n"),
              "a.csv: line 2, column 0: '" + std::string(bad) + "' is not a number");
  }
}

TEST(CsvTest, LinesAreCountedThroughQuotesAndChunks) {
  std::string text = "\"a\nb\",c\n";
  for (int i = 0; i < 50000; ++i) text += "1,2\r\n";  // more than is read at once
  EXPECT_EQ(refusal(text + "1,x\n"), "a.csv: line 50003, column 1 ('c'): 'x' is not a number");
}

TEST(CsvTest, QuotesOutOfPlace) {
  EXPECT_TRUE(refusal("1,2\n3,4\"5\n").starts_with("a.csv: line 2: a quote is out of place"));
  EXPECT_TRUE(refusal("1,2\n\"3\"4,5\n").starts_with("a.csv: line 2: a quote is out of place"));
  EXPECT_EQ(refusal("1,2\n3,\"4\n5,6\n"),
            "a.csv: line 2: the file ends inside a quoted field that begins here or below");
  EXPECT_EQ(refusal("1,2\n3,4\n\"5\n"), "a.csv: line 3: the file ends inside a quoted field that begins here or below");
}

TEST(CsvTest, OtherSeparatorsGetAHint) {
  EXPECT_EQ(refusal("a;b\n1;2\n"),
            "a.csv: line 2, column 0 ('a;b'): '1;2' is not a number; if ';' separates the columns here: kernad needs "
            "',' (.csv) or a tab (.tsv)");
  EXPECT_NE(refusal("a\tb\n1\t2\n").find("if a tab separates"), std::string::npos);
}

TEST(CsvTest, NumbersDoNotDependOnTheLocale) {
  const std::string before = std::setlocale(LC_NUMERIC, nullptr);
  for (const char* name : {"de_DE.UTF-8", "de_DE", "C"}) {
    if (std::setlocale(LC_NUMERIC, name) != nullptr) break;
  }
  EXPECT_EQ(values("1.5\n"), std::vector<float>{1.5});
  std::setlocale(LC_NUMERIC, before.c_str());
}

TEST(CsvTest, TruncationsAndFlippedBitsNeverDoWorseThanAnError) {
  const std::string text =
      "\xef\xbb\xbf"
      "a,\"b\"\r\n1,\"2\"\n+3,nan\n";
  const auto parse = [](const std::string& part) { (void)table(part); };
  for (std::size_t size = 0; size < text.size(); ++size) {
    try {
      parse(text.substr(0, size));
    } catch (const ReadError&) {
    }
  }
  EXPECT_GT(testing::flip_every_bit(text, parse), 20u);
}

TEST(CsvLabelsTest, TextsNumbersAndHeading) {
  const std::vector<std::uint8_t> wanted = {0, 1, 0, 1};
  EXPECT_EQ(labels("0\n1\n0.0\n1.0\n"), wanted);
  EXPECT_EQ(labels("label\nnormal\nAnomaly\nGOOD\ntrue\n"), wanted);
  EXPECT_EQ(labels("good\nbad\nfalse\nanomalous"), wanted);
}

TEST(CsvLabelsTest, WhatIsNoLabelIsRefused) {
  EXPECT_TRUE(
      message_of<InvalidInput>([] { (void)labels("y\n0\n2\n"); }).starts_with("a.csv: row 1: '2' is not a label"));
  EXPECT_EQ(message_of<ReadError>([] { (void)labels("0,1\n"); }), "a.csv: line 1: 2 fields; labels are one column");
  EXPECT_EQ(message_of<ReadError>([] { (void)labels(""); }), "a.csv: is empty; one label a row is needed");
}

}  // namespace
}  // namespace kernad::csv_test
