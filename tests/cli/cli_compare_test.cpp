// kernad compare: drift as an exit status, and what it prints.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "support/data.hpp"

namespace kernad::cli_compare_test {
namespace {

using nlohmann::json;
using testing::Command;

/// 10 columns, of which one is `shift` larger, and a label.
std::string table(std::size_t rows, std::uint64_t seed, double shift = 0) {
  testing::Random random(seed);
  std::string text;
  for (int j = 0; j < 10; ++j) text += "c" + std::to_string(j) + ",";
  text += "class\n";
  for (std::size_t i = 0; i < rows; ++i) {
    for (int j = 0; j < 10; ++j) text += std::to_string(random.normal() + (j == 7 ? shift : 0)) + ",";
    text += "0\n";
  }
  return text;
}

/// The heading and every other row.
std::string odd(const std::vector<std::string>& rows) {
  std::string text = rows[0] + "\n";
  for (std::size_t i = 1; i < rows.size(); i += 2) text += rows[i] + "\n";
  return text;
}

class CliCompareTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto fit = kernad({"fit", train, "-o", model, "--labels", "class", "--components", "all", "--folds", "5"});
    ASSERT_EQ(fit.status, 0) << fit.err;
  }

  std::string file(const std::string& name, const std::string& text) { return kernad.folder().write(name, text); }

  Command kernad;
  std::string model = kernad.folder().path("m.safetensors");
  std::string train = kernad.folder().write("train.csv", table(300, 1));
};

TEST_F(CliCompareTest, TheExitStatusIsTheAnswer) {
  const auto alike = kernad({"compare", model, file("a.csv", table(200, 2))});
  EXPECT_EQ(alike.status, 0) << alike.out;
  EXPECT_EQ(alike.err, "");
  EXPECT_TRUE(alike.out.starts_with("drift  ")) << alike.out;
  const auto moved = kernad({"compare", model, file("b.csv", table(200, 3, 0.6)), "--show", "1"});
  EXPECT_EQ(moved.status, 3) << moved.out;
  EXPECT_EQ(moved.err, "");
  EXPECT_NE(moved.out.find("1 of 10 moved, by their distributions"), std::string::npos) << moved.out;
  EXPECT_NE(moved.out.find("columns (1 of 10)"), std::string::npos) << moved.out;
  EXPECT_NE(moved.out.find("\nc7  "), std::string::npos) << moved.out;
  // As rarely as this, rows without drift differ as much.
  EXPECT_EQ(kernad({"compare", model, file("b.csv", table(200, 3, 0.6)), "--alpha", "1e-12"}).status, 0);
}

TEST_F(CliCompareTest, JsonHasAllColumnsByName) {
  const auto run = kernad({"compare", model, file("b.csv", table(200, 3, 0.6)), "--json"});
  EXPECT_EQ(run.status, 3) << run.err;
  const json result = json::parse(run.out);
  EXPECT_EQ(result["drift"], true);
  EXPECT_EQ(result["rows"], 200);
  EXPECT_EQ(result["calibration"], json({{"rows", 300}, {"folds", 5}}));
  EXPECT_EQ(result["columns_compared_by"], "distributions");
  ASSERT_EQ(result["columns"].size(), 10u);
  for (const auto& column : result["columns"]) EXPECT_EQ(column["moved"], column["name"] == "c7") << column;
  EXPECT_NEAR(result["columns"][7]["shift"], 0.6, 0.4);
  EXPECT_LE(result["p_value"], 2 * result["columns"][7]["adjusted_p_value"].get<double>());
}

TEST_F(CliCompareTest, OrderOfRowsAndColumnsAndFilesDoNotMatter) {
  std::istringstream stream(table(200, 3, 0.3));
  std::vector<std::string> rows;
  for (std::string line; std::getline(stream, line);) rows.push_back(line);
  // The rows from the last to the first, half of them in another file with the first column at the end; one row lacks a
  // value.
  std::string one = rows[0] + "\n";
  std::string two = rows[0].substr(rows[0].find(',') + 1) + ",c0\n1,1,1,1,1,1,1,1,1,0,\n";
  for (std::size_t i = rows.size() - 1; i > 0; --i) {
    const auto comma = rows[i].find(',');
    if (i % 2 == 0) {
      one += rows[i] + "\n";
    } else {
      two += rows[i].substr(comma + 1) + "," + rows[i].substr(0, comma) + "\n";
    }
  }
  const auto want = kernad({"compare", model, file("a.csv", table(200, 3, 0.3)), "--json"});
  const std::string first = file("1.csv", one);
  const std::string second = file("2.csv", two);
  const std::string both = one + odd(rows).substr(rows[0].size() + 1);
  EXPECT_EQ(kernad({"compare", model, file("both.csv", both), "--json"}).out, want.out);
  EXPECT_EQ(kernad({"compare", model, second}).status, 2);
  const auto skipped = kernad({"compare", model, second, "--missing", "skip", "--json"});
  EXPECT_NE(skipped.err.find("1 of 101 rows have missing values and are skipped"), std::string::npos) << skipped.err;
  const auto whole = kernad({"compare", model, first, file("3.csv", odd(rows)), "--json"});
  EXPECT_EQ(whole.out, want.out);
}

TEST_F(CliCompareTest, WhatItCannotTellIsRefused) {
  const auto expect = [&](const std::vector<std::string>& words, const std::string& part) {
    const auto run = kernad(words);
    EXPECT_EQ(run.status, 2) << run.out;
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(testing::lines(run.err), 1u) << run.err;
    EXPECT_NE(run.err.find(part), std::string::npos) << run.err;
  };
  const std::string rows = file("a.csv", table(200, 2));
  expect({"compare", model, file("one.csv", table(1, 2)), "--alpha", "0.01"},
         "one.csv: 1 rows are too few: no difference from the 300 calibration rows can be significant at 0.01; at "
         "least 2 are needed");
  expect({"compare", model, rows, "--alpha", "0"}, "alpha is 0; valid: above 0 and below 1");
  ASSERT_EQ(kernad({"fit", train, "-o", model, "--labels", "class"}).status, 0);
  expect({"compare", model, rows}, "m.safetensors: is not calibrated, as compare needs it; see kernad calibrate");
}

TEST_F(CliCompareTest, TrainingRowsAreNoNewRows) {
  const auto run = kernad({"compare", model, train});
  EXPECT_EQ(run.status, 3);  // each finds itself, which is far too usual
  EXPECT_NE(run.err.find("300 of 300 rows that could be compared equal rows that the model was trained on"),
            std::string::npos)
      << run.err;
}

}  // namespace
}  // namespace kernad::cli_compare_test
