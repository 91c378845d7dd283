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
  return io::read_csv_labels(std::make_unique<files::MemorySource>("a.csv", testing::as_bytes(text)), ',');
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
  EXPECT_EQ(table(",b\n0.5,2\n").column_names, (Texts{"", "b"}));
  EXPECT_EQ(table("x,7\n1,2\n", {"x"}).column_names, Texts{"7"}) << "its name is announced";
  EXPECT_TRUE(table("1,2\n").column_names.empty());
  EXPECT_EQ(table("a,b\n").features.rows(), 0u);
}

TEST(CsvTest, RowNumbersAndNamesInFrontAreNoFeature) {
  for (const char* text :
       {",a,b\n0,5,6\n1,7,8\n", ",a,b\n7,5,6\n3,7,8\n", "\"\",a,b\nx,5,6\ny,7,8\n", "Unnamed: 0,a,b\n0,5,6\n1,7,8\n"}) {
    const Table read = table(text);
    EXPECT_EQ(read.column_names, (Texts{"a", "b"})) << text;
    EXPECT_EQ(values(text), (std::vector<float>{5, 6, 7, 8})) << text;
    ASSERT_EQ(read.notes.size(), 1u) << text;
    EXPECT_NE(read.notes[0].find("numbers the rows"), std::string::npos) << read.notes[0];
  }
  EXPECT_EQ(table(",a,b\n0,5,6\n1,7,8\n0,5,6\n1,7,8\n").features.cols(), 2u) << "two tables put together";
  // What repeats or has a fraction calls no rows.
  for (const char* text : {",a,b\n1,5,6\n1,7,8\n", ",a,b\n0.5,5,6\n1,7,8\n", ",a,b\n5,5,6\n7,7,8\n5,1,2\n"}) {
    EXPECT_EQ(table(text).features.cols(), 3u) << text;
    EXPECT_EQ(table(text).notes,
              Texts{"column 0 has no name and is taken for a feature; give it a name, or ignore it"});
  }
  EXPECT_TRUE(table("n,a,b\n0,5,6\n1,7,8\n").notes.empty());
  EXPECT_EQ(table(",a\n5,5\n5,7\n", {.model_columns = {"a"}}).column_names, Texts{"a"}) << "not the model's";
  EXPECT_EQ(table(",a\n0,5\n1,7\n", {.columns = {"0", "a"}}).features.cols(), 2u) << "asked for";
  EXPECT_EQ(table(",a\n0,5\n1,7\n", {.model_columns = {"a", ""}}).column_names, (Texts{"a", ""})) << "the model's";
}

/// A table of ten rows whose first column is called `name` and counts from `first` on, `step` by `step`.
std::string counting(const std::string& name, int first, int step = 1) {
  std::string text = name + ",a,b\n";
  for (int i = 0; i < 10; ++i) text += std::to_string(first + step * i) + ",5,6\n";
  return text;
}

TEST(CsvTest, ANamedColumnThatNumbersTheRows) {
  for (const char* name : {"index", "ID", "row", "Row_Number"}) {
    for (const int first : {0, 1, 1000}) {
      const Table read = table(counting(name, first));
      EXPECT_EQ(read.column_names, (Texts{"a", "b"})) << name;
      EXPECT_EQ(read.notes,
                Texts{"column 0 ('" + std::string(name) + "') numbers the rows: it is left out as no feature"});
      EXPECT_EQ(read.left_out, Texts{name});
    }
  }
  EXPECT_EQ(table(counting("index", 0, 2)).features.cols(), 3u) << "does not count";
  EXPECT_EQ(table(counting("index", 0), {.model_columns = {"b", "index", "a"}}).features.cols(), 3u) << "the model's";
  EXPECT_EQ(table(counting("index", 0), {.columns = {"a", "index"}}).features.cols(), 2u) << "asked for";
  // Of another name it may be a feature, and without a heading nobody knows.
  EXPECT_EQ(table(counting("time", 5)).notes,
            Texts{"column 0 ('time') numbers the rows and is taken for a feature; if it is none, ignore it"});
  EXPECT_EQ(table(counting("time", 5).substr(9)).notes,
            Texts{"column 0 numbers the rows and is taken for a feature; if it is none, ignore it"});
  EXPECT_TRUE(table(counting("time", 5), {.columns = {"time", "a"}}).notes.empty());
}

TEST(CsvTest, RowNamesWithoutAHeadingAreSaid) {
  const std::string hint =
      "; if each row begins with its name, as R writes it, the heading needs a field for that as well";
  EXPECT_NE(refusal("a,b\n1,5,6\n2,7,8\n").find("3 fields where the first row has 2" + hint), std::string::npos);
  EXPECT_EQ(refusal("a,b\n1,5\n2,7,8,9\n").find(hint), std::string::npos);
}

TEST(CsvTest, ForgottenLabelsAreNoted) {
  const Texts note = {
      "column 1 ('Label') looks like labels and is taken for a feature; if it is none, ignore it or name it "
      "as the labels"};
  EXPECT_EQ(table("a,Label\n5,0\n6,1\n").notes, note);
  EXPECT_EQ(table("a,is_ok\n5,0\n6,1\n").notes.size(), 1u);
  EXPECT_TRUE(table("a,Label\n5,0\n6,2\n").notes.empty());
  EXPECT_TRUE(table("a,b\n5,0\n6,1\n").notes.empty());
  EXPECT_TRUE(table("a,Label\n5,0\n6,1\n", {.model_columns = {"a", "Label"}}).notes.empty());
}

TEST(CsvTest, WithoutAHeadingAModelsColumnsGoByPosition) {
  EXPECT_EQ(table("5,0\n6,1\n", {.model_columns = {"a", "b"}}).notes,
            Texts{"has no heading: its columns go by their positions, not by the model's names"});
}

TEST(CsvTest, ADelimiterAtTheEndOfEveryLine) {
  for (const char* text : {"a,b,\n1,2,\n3,4,\n", "1,2,\n3,4,\n"}) {
    EXPECT_EQ(values(text), (std::vector<float>{1, 2, 3, 4})) << text;
    EXPECT_EQ(table(text).notes.size(), 1u) << text;
  }
  std::string text = "a,b,\n";
  for (int i = 0; i < 300; ++i) text += "1,2,\n";
  EXPECT_EQ(refusal(text + "3,4,5\n"),
            "a.csv: line 302, column 2 (''): '5' stands in a column that has no name and was empty before; give it a "
            "name");
}

TEST(CsvTest, IdsIgnoredAndChosenColumns) {
  const std::string text = "a,serial,b,remark\n1,x7,2,-\n3,x8,4,?\n";
  const Table read = table(text, {.ignored_columns = {"remark"}, .id_columns = {"serial"}});
  EXPECT_EQ(read.column_names, (Texts{"a", "b"}));
  ASSERT_EQ(read.ids.size(), 1u);
  EXPECT_EQ(read.ids[0].name, "serial");
  EXPECT_EQ(read.ids[0].values, (Texts{"x7", "x8"}));
  EXPECT_EQ(read.left_out, (Texts{"serial", "remark"}));
  EXPECT_EQ(values(text, {.columns = {"b", "0"}}), (std::vector<float>{2, 1, 4, 3}));
  // By number where there is no heading; texts there make no heading either.
  const Table plain = table("x7,1,2\nx8,3,4\n", {.id_columns = {"0"}});
  EXPECT_EQ(plain.ids[0].values, (Texts{"x7", "x8"}));
  EXPECT_EQ(plain.features.cols(), 2u);
  EXPECT_TRUE(plain.left_out.empty());
}

TEST(CsvTest, ColumnsOfAModel) {
  const std::string text = "b,kind,a\n2,good,1\n4,bad,3\n";
  const Table read = table(text, {.model_columns = {"a", "b"}, .known_columns = {"kind"}});
  EXPECT_EQ(read.column_names, (Texts{"a", "b"}));
  EXPECT_EQ(values(text, {.model_columns = {"a", "b"}, .known_columns = {"kind"}}), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(read.notes.size(), 1u);
  EXPECT_TRUE(table("a,b\n1,2\n", {.model_columns = {"a", "b"}}).notes.empty());
  // Names are checked before anything is read.
  EXPECT_EQ(message_of<InvalidInput>([&] {
              (void)table(text, {.model_columns = {"a", "c"}});
            }),
            "a.csv: the model's column 'c' is missing; the model does not know 'b', 'kind'; valid: its columns in any "
            "order, 'a', 'c', and others only if they are ignored");
  EXPECT_EQ(values("3,4\n", {.model_columns = {"a", "b"}}), (std::vector<float>{3, 4})) << "no heading: by position";
}

TEST(CsvTest, SerialNumbersAreADoubtfulFeature) {
  EXPECT_EQ(
      table("serial,x\n000074,1\n000111,2\n100093,1\n").notes,
      Texts{"column 0 ('serial') looks like serial numbers, with zeros in front, and is taken for a feature; if it "
            "is none, ignore it"});
  for (const char* plain : {"74", "0.74", "0"}) {
    EXPECT_TRUE(table("s,x\n" + std::string(plain) + ",1\n011,2\n100,1\n").notes.empty()) << plain;
  }
  EXPECT_TRUE(table("hour,x\n08,1\n08,2\n10,1\n").notes.empty()) << "not each once";
}

TEST(CsvTest, NamesThatAreNotUtf8AreWindows1252) {
  EXPECT_EQ(table("gr\xf6\xdf"
                  "e,\x80\n1,2\n")
                .column_names,
            (Texts{"größe", "€"}));
  EXPECT_EQ(refusal("a,b\n1,\xff\xc2\x9b\n"), "a.csv: line 2, column 1 ('b'): '\\xff\\xc2\\x9b' is not a number");
}

TEST(CsvTest, AFirstLineThatMayBeEitherIsRefused) {
  // If a faulty row were taken for a heading, it would be lost, and every later score would be one row off.
  EXPECT_EQ(
      refusal("no,2,3\n4,5,6\n"),
      "a.csv: line 1, column 0: 'no' is not a number, but 2 other fields of the line are; if it is a heading, say so "
      "(header: present), else that there is none (header: absent)");
  EXPECT_NE(refusal("1,2,goood\n3,4,bad\n", {"-1"}).find("'goood' is not a number"), std::string::npos);
  EXPECT_EQ(table("NA,2,3\n4,5,6\n", {"", CsvHeader::present}).features.rows(), 1u);
}

TEST(CsvTest, AFirstRowThatLacksValuesIsNoHeading) {
  for (const char* row : {"?,?,?", "NA,NA,NA", "-,-,-", ",,", "null,n/a,None", "NA,2,3", "?,?,good"}) {
    const std::string text = row + std::string("\n100,20,3\n101,20,3\n");
    const ReadOptions options = {.ignored_columns = {"2"}, .allow_missing = true};
    EXPECT_EQ(table(text, options).features.rows(), 3u) << row;
    EXPECT_NE(refusal(text, {.ignored_columns = {"2"}}), "") << row;
  }
  EXPECT_EQ(
      refusal("NA,2,3\n4,5,6\n"),
      "a.csv: line 1, column 0: 'NA' is a missing value; a number is needed, or missing values have to be allowed "
      "(missing: skip)");
  EXPECT_EQ(table("K,Na\n1,2\n", {.allow_missing = true}).column_names, (Texts{"K", "Na"})) << "sodium";
  EXPECT_EQ(table("Na\n1\n", {.model_columns = {"Na"}, .allow_missing = true}).features.rows(), 1u) << "announced";
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
  EXPECT_EQ(refusal("1,2\n\n3\n"), "a.csv: line 3: 1 field where the first row has 2");
  EXPECT_EQ(refusal("1,2\r\n3,4,5\r\n"), "a.csv: line 2: 3 fields where the first row has 2");
  EXPECT_EQ(refusal("a,b\n1,2\n3,\n"),
            "a.csv: line 3, column 1 ('b'): is empty; a number is needed, or missing values have to be allowed "
            "(missing: skip)");
  EXPECT_EQ(refusal("1,2\n3,4x\n"), "a.csv: line 2, column 1: '4x' is not a number");
  EXPECT_EQ(refusal("1,2\n3,\"4\n5\"\n"), "a.csv: line 2, column 1: '4\\x0a5' is not a number");
  for (const char* bad : {"0x10", "1e", "+-1", "--1", "1 2", "1_000", "+", "x"}) {
    EXPECT_EQ(refusal("1\n" + std::string(bad) + "\n"),
              "a.csv: line 2, column 0: '" + std::string(bad) + "' is not a number");
  }
  for (const char* bad : {"1.2.3", "-1.234.567"}) {
    EXPECT_EQ(refusal("1\n" + std::string(bad) + "\n"),
              "a.csv: line 2, column 0: '" + std::string(bad) + "' is not a number; thousands must not be parted");
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

TEST(CsvTest, TheDelimiterIsFound) {
  const std::vector<float> wanted = {1, 2.5, 3, 4};
  for (const char* text :
       {"a,b\n1,2.5\n3,4\n", "a;b\n1;2.5\n3;4\n", "a\tb\n1\t2.5\n3\t4\n", "a|b\n1|2.5\n3|4\n", "1;2.5\n3;4\n",
        "1 ; 2.5\n3 ; 4\n", "\"a;x\";b\n1;2.5\n3;4", "sep=;\r\na;b\r\n1;2.5\r\n3;4", "sep=,\n1,2.5\n3,4\n"}) {
    EXPECT_EQ(values(text), wanted) << text;
    EXPECT_EQ(values(text, {}, '\t'), wanted) << text << " as .tsv";
  }
  EXPECT_EQ(values("a;b;c\n1,5;2,5;3\n4;5;6,25\n"), (std::vector<float>{1.5, 2.5, 3, 4, 5, 6.25}));
  EXPECT_EQ(values("18,3976;0,9404\n19,1590;0,9410\n"), (std::vector<float>{18.3976f, 0.9404f, 19.1590f, 0.9410f}));
  EXPECT_EQ(table("a,kind\n1,x;y\n2,z;w\n", {"kind"}).labels, (Texts{"x;y", "z;w"})) << "numbers decide";
  EXPECT_EQ(values("a|b\n1|2\n", {.delimiter = '|'}), (std::vector<float>{1, 2}));
  EXPECT_EQ(refusal("a;b\n1;2\n", {.delimiter = ','}),
            "a.csv: line 2, column 0 ('a;b'): '1;2' is not a number; if ';' separates the columns here, it has to be "
            "given (delimiter: semicolon)");
  std::string text = "a;b\n";
  for (int i = 0; i < 50000; ++i) text += "1,5;2,5\n";  // more than is looked at
  EXPECT_EQ(table(text).features.rows(), 50000u);
}

TEST(CsvTest, TheDecimalMarkIsFound) {
  const auto first = [](const std::string& text, const ReadOptions& options = {}) { return values(text, options)[0]; };
  EXPECT_EQ(first("a;b\n1,5;2\n"), 1.5);
  EXPECT_EQ(first("a;b\n1.5;2\n"), 1.5);
  EXPECT_EQ(first("a;b\n0,940;2\n"), 0.94f) << "no thousands begin with 0";
  EXPECT_EQ(first("a,b\n\"1,5\",2\n"), 1.5) << "in quotes";
  EXPECT_EQ(first("a;b\n1,234;2\n", {.decimal = DecimalMark::comma}), 1.234f);
  EXPECT_EQ(first("x\n1,5\n2,5\n", {.delimiter = ';', .decimal = DecimalMark::comma}), 1.5);
  EXPECT_EQ(
      refusal("a;b\n1,234;12,345\n"),
      "a.csv: the comma in '12,345' and all other numbers may be a decimal mark or part thousands; say which it is "
      "(decimal: comma; parted thousands are not read)");
  EXPECT_EQ(refusal("a;b\n1,5;2.5\n"),
            "a.csv: numbers have a decimal point, as in '2.5', and a comma, as in '1,5'; say which one it is (decimal: "
            "point or comma)");
  EXPECT_EQ(refusal("a;b\n1.234,5;2\n"),
            "a.csv: line 2, column 0 ('a'): '1.234,5' is not a number; thousands must not be parted");
  EXPECT_EQ(refusal("a;b\n1,5;2\n", {.decimal = DecimalMark::point}),
            "a.csv: line 2, column 0 ('a'): '1,5' is not a number: decimal marks are '.' here; another one has to be "
            "given (decimal: comma)");
}

TEST(CsvTest, ADecimalCommaPartsNoColumns) {
  const ReadOptions comma = {.decimal = DecimalMark::comma};
  EXPECT_EQ(values("x\n1,5\n2,5\n3,1\n", comma), (std::vector<float>{1.5, 2.5, 3.1f}));
  EXPECT_EQ(values("1,5\n2,5\n", comma), (std::vector<float>{1.5, 2.5}));
  EXPECT_EQ(values("a\tb\n1,5\t2\n", comma), (std::vector<float>{1.5, 2}));
  EXPECT_EQ(values("a,b\n\"1,5\",2\n", comma), (std::vector<float>{1.5, 2})) << "in quotes";
  EXPECT_EQ(refusal("x\n1,5\n2,5\n"),
            "a.csv: line 2: 2 fields where the first row has 1; if the comma is the decimal mark, say so (decimal: "
            "comma); if each row begins with its name, as R writes it, the heading needs a field for that as well (R: "
            "col.names = NA)");
  EXPECT_EQ(refusal("a,b\n1,2\n3,4,5\n"), "a.csv: line 3: 3 fields where the first row has 2")
      << "R writes no such row";
}

TEST(CsvTest, APointThatMayPartThousandsIsRefused) {
  const std::string text = "a;b\n1.500;850\n980;1.200\n1.250;900\n760;1.100\n1.310;990\n";
  EXPECT_EQ(refusal(text),
            "a.csv: the point in '1.310' and other numbers may be a decimal mark or part thousands; say which it is "
            "(decimal: point; parted thousands are not read)");
  EXPECT_EQ(values(text, {.decimal = DecimalMark::point})[0], 1.5);
  EXPECT_NE(refusal("a\tb\n1.500\t7\n980\t8\n"), "");
  EXPECT_NE(refusal("a;b\n-1.500;7\n-980;8\n"), "");
  for (const char* decimal :
       {"0.125;0.250\n0.500;0.750\n", "1.125;2.250\n3.500;4.750\n", "1.125;2\n3.5;4\n", "1.500;850\n2.750;900\n",
        "1.125;0.5\n2;3\n", "1.125;7\n1125;8\n", "1.125;7\n0;8\n", "0.125;7\n3;8\n", "1e3;1.125\n2e3;2.125\n"}) {
    EXPECT_EQ(table(decimal).features.rows(), 2u) << decimal;
  }
  EXPECT_EQ(table("1.500,850\n980,1.200\n").features.rows(), 2u) << "where commas part columns, points part nothing";
}

TEST(CsvTest, Comments) {
  EXPECT_EQ(table("# made by \"x\n#, 2026\n\na,b\n1,2\n").column_names, (Texts{"a", "b"}));
  EXPECT_EQ(values("# width, in m\n1,2\n3,4\n"), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(table("# width, height\n1,2\n3,4\n").column_names, (Texts{"width", "height"})) << "numpy.savetxt";
  EXPECT_EQ(table("# x, y\na,b\n1,2\n").column_names, (Texts{"a", "b"})) << "there is a heading";
  EXPECT_EQ(table("#,a,b\n0,5,6\n1,7,8\n").column_names, (Texts{"a", "b"})) << "row numbers called #";
  EXPECT_EQ(refusal("a,b\n1,2\n#3,4\n"), "a.csv: line 3, column 0 ('a'): '#3' is not a number");
  EXPECT_EQ(
      refusal("#1,2\n3,4\n"),
      "a.csv: line 1: begins with #, as a comment does, and has numbers in as many fields as the rows; whether it "
      "is one of them is not clear");
  EXPECT_EQ(refusal("# " + std::string(100000, 'x') + "\n1,x\n", {.header = CsvHeader::absent}),
            "a.csv: line 2, column 1: 'x' is not a number");
}

TEST(CsvTest, CommentsBetweenTheRowsMayHaveQuotes) {
  const Table read = table("a,b\n1,2\n# 5\" wide\n3,4\r\n# a \"word\", two\r\n#\"quoted\" and more\n5,6\n# end\"");
  EXPECT_EQ(read.features.rows(), 3u);
  EXPECT_EQ(read.notes, Texts{"4 lines begin with # and are skipped as comments"});
  // What may be a row is none.
  EXPECT_EQ(refusal("id,a\n#1,2\n#3\",4\n"),
            "a.csv: line 3: a quote is out of place; a quoted field is \"...\", with \"\" for a quote in it");
  EXPECT_EQ(refusal("a,b\n1,2\n#3\",4\n"),
            "a.csv: line 3: a quote is out of place; a quoted field is \"...\", with \"\" for a quote in it");
  // Lines of a quoted field are no comments.
  EXPECT_EQ(table("a,b,t\n1,2,\"x\n# 5\"\" wide\"\n3,4,y\n", {.ignored_columns = {"t"}}).features.rows(), 2u);
}

TEST(CsvTest, ACommentMayCrossTheEndOfABuffer) {
  for (std::size_t before = 16'370; before < 16'390; ++before) {
    std::string text = "a,b\n";
    for (std::size_t i = 1; i < before; ++i) text += "1,2\n";
    text += "# 5\" wide, not 6\"\n3,4\n";
    EXPECT_EQ(table(text).features.rows(), before) << before;
  }
}

TEST(CsvTest, CommentsBetweenTheRows) {
  const Table read = table("a;b;c\n1,5;2;3\n# pause\n4;5;6\n# to be gone on with; tomorrow\n7;8;9\n#\n");
  EXPECT_EQ(read.features.rows(), 3u);
  EXPECT_EQ(read.notes, Texts{"3 lines begin with # and are skipped as comments"});
  EXPECT_EQ(values("1,2\n# a, b\n3,4\n"), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(values("x\n1\n# pause\n2\n"), (std::vector<float>{1, 2}));
  EXPECT_EQ(table("id,x\n#1,2\n#2,3\n", {.id_columns = {"id"}}).ids[0].values, (Texts{"#1", "#2"})) << "called so";
  EXPECT_EQ(table("id,x\n#1,\n#2,3\n", {.id_columns = {"id"}, .allow_missing = true}).features.rows(), 2u);
  EXPECT_EQ(refusal("\"#\",a\n1,2\n# pause\n"), "a.csv: line 3: 1 field where the first row has 2")
      << "# is no mark here";
}

TEST(CsvTest, MissingValues) {
  for (const char* field : {"", "NA", "n/a", "#N/A", "null", "NONE", "?", "-", "nan"}) {
    const std::string text = "a,b\n1," + std::string(field) + "\n";
    const auto read = values(text, {.allow_missing = true});
    EXPECT_TRUE(std::isnan(read[1])) << field;
    EXPECT_EQ(read[0], 1) << field;
  }
  EXPECT_EQ(refusal("a,b\n1,NA\n"),
            "a.csv: line 2, column 1 ('b'): 'NA' is a missing value; a number is needed, or missing values have to be "
            "allowed (missing: skip)");
  EXPECT_EQ(message_of<ReadError>([] { (void)table("a,b\n1,x\n", {.allow_missing = true}); }),
            "a.csv: line 2, column 1 ('b'): 'x' is not a number");
}

TEST(CsvTest, WhatRoundingTookIsKept) {
  const std::string text = "t,x\n1699999330.734,0.5\n-499998.563,NA\n";
  const Table read = table(text, {.allow_missing = true, .keep_rest = true});
  ASSERT_EQ(read.rest.rows(), 2u);
  ASSERT_EQ(read.rest.cols(), 2u);
  const auto whole = [&](std::size_t i, std::size_t j) {
    return double{read.features(i, j)} + double{read.rest(i, j)};
  };
  // Two floats hold 24 bits each: the second is rounded by at most 2^-48 of the first.
  EXPECT_NEAR(whole(0, 0), 1699999330.734, std::ldexp(1699999330.734, -48));
  EXPECT_NEAR(whole(1, 0), -499998.563, std::ldexp(499998.563, -48));
  EXPECT_EQ(read.rest(0, 1), 0);
  EXPECT_EQ(read.rest(1, 1), 0);
  EXPECT_TRUE(table(text, {.allow_missing = true}).rest.empty()) << "not asked for";
  EXPECT_TRUE(table("1.5,2\n", {.keep_rest = true}).rest.empty()) << "nothing was taken";
}

TEST(CsvTest, FieldsAreKeptAsTheyStand) {
  const Table read =
      table("a,\"b \"\"x\"\"\",y\n1.50,NA,good\n", {.label_column = "y", .allow_missing = true, .keep_fields = true});
  ASSERT_EQ(read.fields.size(), 3u);
  EXPECT_EQ(read.fields[1].name, "b \"x\"");
  EXPECT_EQ(read.fields[0].values, Texts{"1.50"});
  EXPECT_EQ(read.fields[1].values, Texts{"NA"});
  EXPECT_EQ(read.fields[2].values, Texts{"good"});
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

TEST(CsvLabelsTest, AHeadingIsNotRepeated) {
  EXPECT_EQ(labels("kind\ngood\nscratch\n"), (std::vector<std::uint8_t>{0, 1}));
  EXPECT_EQ(labels("scratch\ngood\nscratch\n"), (std::vector<std::uint8_t>{1, 0, 1}));
  EXPECT_EQ(labels("anomaly\n1\n0\n"), (std::vector<std::uint8_t>{1, 0})) << "a name above numbers";
  EXPECT_EQ(labels("-1\n1\n1\n"), (std::vector<std::uint8_t>{1, 0, 0}));
}

TEST(CsvLabelsTest, WhatIsNoLabelIsRefused) {
  EXPECT_TRUE(
      message_of<InvalidInput>([] { (void)labels("y\n0\n2\n"); }).starts_with("a.csv: row 1: '2' is not a label"));
  EXPECT_EQ(message_of<ReadError>([] { (void)labels("0,1\n"); }), "a.csv: line 1: 2 fields; labels are one column");
  EXPECT_EQ(message_of<ReadError>([] { (void)labels(""); }), "a.csv: is empty; one label a row is needed");
}

}  // namespace
}  // namespace kernad::csv_test
