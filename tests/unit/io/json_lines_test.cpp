#include <gtest/gtest.h>

#include <cmath>

#include "io/csv.hpp"
#include "support/bytes.hpp"

namespace kernad::json_lines_test {
namespace {

using testing::message_of;
using Texts = std::vector<std::string>;

Table table(const std::string& text, const ReadOptions& options = {}) {
  return io::read_all(
      *io::csv_or_json_rows(std::make_unique<files::MemorySource>("a.jsonl", testing::as_bytes(text)), options));
}

std::vector<float> values(const std::string& text, const ReadOptions& options = {}) {
  const Table read = table(text, options);
  return {read.features.values().begin(), read.features.values().end()};
}

std::string refusal(const std::string& text) {
  return message_of<ReadError>([&] { (void)table(text); });
}

TEST(JsonLinesTest, ObjectsHaveNamesInTheirOrder) {
  const std::string text = "{\"b\": 1, \"a\": -2.5e1, \"y\": \"good\"}\n\n{\"y\": \"bad\", \"a\": 4, \"b\": 3}";
  const Table read = table(text, {"y"});
  EXPECT_EQ(read.column_names, (Texts{"b", "a"}));
  EXPECT_EQ(read.labels, (Texts{"good", "bad"}));
  EXPECT_EQ(values(text, {"y"}), (std::vector<float>{1, -25, 3, 4}));
  EXPECT_EQ(values(text, {.label_column = "y", .model_columns = {"a", "b"}}), (std::vector<float>{-25, 1, 4, 3}));
}

TEST(JsonLinesTest, ArraysAndEmbeddings) {
  EXPECT_EQ(values("[1, 2.5]\r\n[3, true]\r\n"), (std::vector<float>{1, 2.5, 3, 1}));
  EXPECT_TRUE(table("[1, 2]\n").column_names.empty());
  EXPECT_EQ(table("{\"v\": [1, 2], \"n\": 3}\n").column_names, (Texts{"v[0]", "v[1]", "n"}));
}

TEST(JsonLinesTest, NullAndLackingKeysAreMissing) {
  const auto read = values("{\"a\": 1, \"b\": null}\n{\"b\": 2}\n", {.allow_missing = true});
  EXPECT_TRUE(std::isnan(read[1]) && std::isnan(read[2]));
  EXPECT_EQ(refusal("{\"a\": 1, \"b\": null}\n"),
            "a.jsonl: line 1, column 1 ('b'): is empty; a number is needed, or missing values have to be allowed "
            "(missing: skip)");
}

TEST(JsonLinesTest, WhatIsWrongIsNamedWithItsLine) {
  EXPECT_TRUE(refusal("[1]\n[2\n").starts_with("a.jsonl: line 2: is not a line of JSON Lines: "));
  EXPECT_EQ(refusal("{\"a\": 1}\n{\"a\": 1, \"c\": 2}\n"), "a.jsonl: line 2: has 'c', which the first line has not");
  EXPECT_EQ(refusal("{\"a\": 1}\n[1]\n"), "a.jsonl: line 2: is none where the first line is an object");
  EXPECT_EQ(refusal("[1, 2]\n[1]\n"), "a.jsonl: line 2: 1 field where the first row has 2");
  for (const char* bad : {"{\"a\": 1, \"a\": 2}", "[[1]]", "[1] 2", "{\"a\": NaNs}", "{\"a\": +Infinity}",
                          "{\"a\": \"\xff\"}", "[1e999]", "[{}]"}) {
    EXPECT_TRUE(refusal(bad).starts_with("a.jsonl: line 1: is not a line of JSON Lines: ")) << bad << refusal(bad);
  }
  EXPECT_EQ(refusal(""), "a.jsonl: is empty; rows of numbers are needed");
}

TEST(JsonLinesTest, WhatNestsCanBeIgnoredOrCopied) {
  const std::string text =
      "{\"a\": 1, \"m\": {\"x\": [1, {\"y\": null}], \"t\": \"q\\\"\", \"e\": {}, \"b\": true}, \"v\": [2, [3, 4]]}\n";
  EXPECT_EQ(values(text, {.ignored_columns = {"m", "v[1]"}}), (std::vector<float>{1, 2}));
  const Table read = table(text, {.id_columns = {"m", "v[1]"}});
  EXPECT_EQ(read.ids[0].values, Texts{"{\"x\": [1, {\"y\": null}], \"t\": \"q\\\"\", \"e\": {}, \"b\": true}"});
  EXPECT_EQ(read.ids[1].values, Texts{"[3, 4]"});
  EXPECT_EQ(refusal("{\"a\": {}}"),
            "a.jsonl: line 1, column 0 ('a'): '{}' is no number; numbers, texts and arrays of numbers are valid");
  EXPECT_EQ(refusal("{\"a\": [[1]]}"),
            "a.jsonl: line 1, column 0 ('a[0]'): '[1]' is no number; numbers, texts and arrays of numbers are valid");
}

TEST(JsonLinesTest, NaNAndInfinityAsPythonWritesThem) {
  const auto read = values("{\"a\": NaN, \"b\": -Infinity, \"c\": 1}\n{\"a\": 2, \"b\": Infinity, \"c\": NaN}\n");
  EXPECT_TRUE(std::isnan(read[0]) && std::isnan(read[5]));
  EXPECT_TRUE(std::isinf(read[1]) && read[1] < 0 && std::isinf(read[4]) && read[4] > 0);
  EXPECT_EQ(table("{\"NaN\": NaN, \"i\": \"a\\\"NaN, Infinity\"}\n", {.id_columns = {"i"}}).ids[0].values,
            Texts{"a\"NaN, Infinity"})
      << "texts stay";
}

TEST(JsonLinesTest, Labels) {
  const auto labels = [](const std::string& text) {
    return io::read_json_labels(std::make_unique<files::MemorySource>("y.jsonl", testing::as_bytes(text)));
  };
  const std::vector<std::uint8_t> wanted = {0, 1};
  EXPECT_EQ(labels("0\n1\n"), wanted);
  EXPECT_EQ(labels("false\ntrue\n"), wanted);
  EXPECT_EQ(labels("{\"y\": \"good\"}\n{\"y\": \"crack\"}\n"), wanted);
}

}  // namespace
}  // namespace kernad::json_lines_test
