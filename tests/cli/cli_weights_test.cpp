// fit --weights: rows that count more or less than once.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/command.hpp"
#include "kernad/kde_classifier.hpp"
#include "support/bytes.hpp"

namespace kernad::cli_weights_test {
namespace {

using testing::Command;
using testing::npy;
using testing::raw;

class CliWeightsTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kRows = 40;

  static std::string row(std::size_t i) {
    return std::to_string(i * 37 % 41) + "," + std::to_string(i * i % 23) + ".25";
  }
  static std::size_t weight(std::size_t i) { return i % 4; }

  /// With a column "n" of weights, to which `more` is added; or each row as often as its weight says.
  static std::string weighted(const std::string& more = "") {
    std::string csv = "a,n,b\n";
    for (std::size_t i = 0; i < kRows; ++i) {
      const std::string values = row(i);
      const auto comma = values.find(',');
      csv += values.substr(0, comma) + "," + std::to_string(weight(i)) + more + values.substr(comma) + "\n";
    }
    return csv;
  }
  static std::string repeated() {
    std::string csv = "a,b\n";
    for (std::size_t i = 0; i < kRows; ++i) {
      for (std::size_t n = 0; n < weight(i); ++n) csv += row(i) + "\n";
    }
    return csv;
  }

  void expect_error(const std::vector<std::string>& words, const std::string& message) {
    const auto run = kernad(words);
    EXPECT_EQ(run.status, 2) << run.out;
    EXPECT_EQ(run.err, "kernad: " + message + "\n");
  }

  std::string file(const std::string& name, const std::string& bytes) { return kernad.folder().write(name, bytes); }

  Command kernad;
  std::string model = kernad.folder().path("model.safetensors");
};

TEST_F(CliWeightsTest, WholeOnesAreRepeatedRows) {
  const std::string other = kernad.folder().path("other.safetensors");
  const auto train = file("train.csv", weighted());
  const auto fit = kernad({"fit", train, "--weights", "n", "--auto", "--target-fpr", "0.1", "-o", model});
  ASSERT_EQ(fit.status, 0) << fit.err;
  ASSERT_EQ(kernad({"fit", file("again.csv", repeated()), "--auto", "--target-fpr", "0.1", "-o", other}).status, 0);
  const auto scores = kernad({"predict", model, train});
  EXPECT_EQ(scores.status, 0) << scores.err;
  EXPECT_EQ(scores.out, kernad({"predict", other, train, "--ignore", "n"}).out);
  // Copies are called by their row in the file.
  const auto why = kernad({"explain", model, train, "--row", "3", "--nearest", "3", "--json"});
  EXPECT_NE(why.out.find("\"row\": 3,\n      \"distance\""), std::string::npos) << why.out;
}

TEST_F(CliWeightsTest, AFileServesATextAsWell) {
  std::string rows = "a,b\n";
  std::string weights = "n\n";
  for (std::size_t i = 0; i < kRows; ++i) {
    rows += row(i) + "\n";
    weights += std::to_string(weight(i)) + "\n";
  }
  const std::string other = kernad.folder().path("other.safetensors");
  const auto train = file("train.csv", rows);
  const auto fit = kernad({"fit", train, "--weights", file("weights.csv", weights), "-o", model});
  ASSERT_EQ(fit.status, 0) << fit.err;
  ASSERT_EQ(kernad({"fit", file("again.csv", weighted()), "--weights", "n", "-o", other}).status, 0);
  EXPECT_EQ(kernad({"predict", model, train}).out, kernad({"predict", other, train}).out);
  const auto piped = kernad({"fit", "-", "--weights", kernad.folder().path("weights.csv"), "-o", model}, rows);
  EXPECT_EQ(piped.status, 0) << piped.err;
  const auto few = file("few.csv", "1\n2\n");
  expect_error({"fit", train, "--weights", few, "-o", model},
               few + ": 2 weights, but " + train + " has 40 rows; there must be one weight a row");
}

TEST_F(CliWeightsTest, ASampleIsThatOfTheRepeatedRows) {
  const std::string other = kernad.folder().path("other.safetensors");
  const auto train = file("train.csv", weighted());
  for (const std::string seed : {"0", "5"}) {
    const std::vector<std::string> sample = {"--components",          "2",  "--folds", "4",
                                             "--max-training-points", "21", "--seed",  seed};
    std::vector<std::string> words = {"fit", train, "--weights", "n", "-o", model};
    words.insert(words.end(), sample.begin(), sample.end());
    const auto fit = kernad(words);
    ASSERT_EQ(fit.status, 0) << fit.err;
    EXPECT_NE(fit.err.find("a sample of 21 of 60 rows"), std::string::npos) << fit.err;
    words = {"fit", file("again.csv", repeated()), "-o", other};
    words.insert(words.end(), sample.begin(), sample.end());
    ASSERT_EQ(kernad(words).status, 0);
    EXPECT_EQ(kernad({"predict", model, train}).out, kernad({"predict", other, train, "--ignore", "n"}).out);
  }
}

TEST_F(CliWeightsTest, LabelsAndWeightsGoTogether) {
  std::string labelled = "a,b,n,kind\n";
  std::string normal = "a,b,n\n";
  for (std::size_t i = 0; i < kRows; ++i) {
    const std::string values = row(i) + "," + std::to_string(weight(i));
    labelled += values + (i % 5 == 2 ? ",1\n" : ",0\n");
    if (i % 5 != 2) normal += values + "\n";
  }
  const std::string other = kernad.folder().path("other.safetensors");
  const auto train = file("train.csv", labelled);
  for (const std::string weight : {"n", "all.csv"}) {  // a column, then a file
    std::string all;
    for (std::size_t i = 0; i < kRows; ++i) all += std::to_string(CliWeightsTest::weight(i)) + "\n";
    const std::string given = weight == "n" ? weight : file(weight, all);
    std::vector<std::string> words = {"fit", train,          "--labels", "kind", "--weights",
                                      given, "--target-fpr", "0.2",      "-o",   model};
    if (weight != "n") words.insert(words.end(), {"--ignore", "n"});
    const auto fit = kernad(words);
    ASSERT_EQ(fit.status, 0) << fit.err;
    EXPECT_NE(fit.out.find("anomalous rows left out  8"), std::string::npos) << fit.out;
    ASSERT_EQ(kernad({"fit", file("normal.csv", normal), "--weights", "n", "--target-fpr", "0.2", "-o", other}).status,
              0);
    EXPECT_EQ(kernad({"predict", model, train}).out, kernad({"predict", other, train, "--ignore", "kind"}).out);
  }
}

TEST_F(CliWeightsTest, FractionsBeyondTheSampleAreRefused) {
  const auto train = file("train.csv", weighted(".5"));
  expect_error({"fit", train, "--weights", "n", "--max-training-points", "30", "-o", model},
               "of 40 rows with weights a sample of 30 (max_training_points) cannot be drawn unless the weights are "
               "whole numbers");
  expect_error({"fit", train, "--weights", "n", "--all-rows", "-o", model},
               "--all-rows counts every row once; valid: no --weights, or no --all-rows");
  const auto tiny = file("tiny.csv", "a,b,n\n1,2,1\n3,4,1e-20\n3,1,2.5\n");
  expect_error(
      {"fit", tiny, "--weights", "n", "-o", model},
      tiny + ": the weight of row 1 is 1e-20, the sum of all is 3.5; valid: 0, or 1.1e-19 of the sum and more");
  const auto many = file("many.csv", "a,b,n\n1,2,4e9\n3,4,4e9\n");
  expect_error({"fit", many, "--weights", "n", "-o", model},
               many + ": the weights add up to 8e+09; at most 4294967295 rows can be counted");
}

TEST_F(CliWeightsTest, FractionsAreInTheFile) {
  const auto train = file("train.csv", weighted(".5"));
  const auto fit = kernad({"fit", train, "--weights", "n", "-o", model});
  ASSERT_EQ(fit.status, 0) << fit.err;
  EXPECT_EQ(KDEClassifier::load(model).report().rows_used, kRows);
  EXPECT_EQ(kernad({"predict", model, train}).status, 0);
  expect_error({"fit", train, "--weights", "n", "--auto", "-o", model}, "auto takes only whole numbers as weights");
  expect_error({"fit", train, "--weights", "n", "--target-fpr", "0.1", "-o", model},
               "calibration by refits takes only whole numbers as weights; calibrate on other normal rows instead");
}

TEST_F(CliWeightsTest, RowsThatAreSkippedTakeTheirWeightsWithThem) {
  const auto whole = file("whole.csv", "a,b,n\n1,2,1\n,5,9\n3,1,2\n4,4,1\n2,6,1\n");
  const auto less = file("less.csv", "a,b,n\n1,2,1\n3,1,2\n4,4,1\n2,6,1\n");
  const auto query = file("query.csv", "a,b\n1,1\n");
  ASSERT_EQ(kernad({"fit", whole, "--missing", "skip", "--weights", "n", "-o", model}).status, 0);
  const auto scores = kernad({"predict", model, query});
  ASSERT_EQ(kernad({"fit", less, "--weights", "n", "-o", model}).status, 0);
  EXPECT_EQ(scores.out, kernad({"predict", model, query}).out);
}

TEST_F(CliWeightsTest, WeightsOfArraysAreAFile) {
  const std::vector<float> rows = {1, 2, 3, 1, 3, 1, 4, 4, 2, 6};
  const auto again = file("again.npy", npy("<f4", "(5, 2)", raw(rows)));
  const std::vector<float> once = {1, 2, 3, 1, 4, 4, 2, 6};
  const auto train = file("train.npy", npy("<f4", "(4, 2)", raw(once)));
  const auto weights = file("weights.npy", npy("<f8", "(4,)", raw<double>({1, 2, 1, 1})));
  ASSERT_EQ(kernad({"fit", again, "-o", model}).status, 0);
  const auto wanted = kernad({"predict", model, train});
  ASSERT_EQ(kernad({"fit", train, "--weights", weights, "-o", model}).status, 0);
  EXPECT_EQ(kernad({"predict", model, train}).out, wanted.out);
  ASSERT_EQ(kernad({"fit", train, "--weights", file("column.csv", "1\n2\n1\n1\n"), "-o", model}).status, 0);
  EXPECT_EQ(kernad({"predict", model, train}).out, wanted.out);
  const auto few = file("few.csv", "1\n2\n");
  expect_error({"fit", train, "--weights", few, "-o", model},
               few + ": 2 weights, but " + train + " has 4 rows; there must be one weight a row");
  const auto bad = file("bad.csv", "1\n2\n-1\n1\n");
  expect_error({"fit", train, "--weights", bad, "-o", model},
               bad + ": the weight of row 2 is -1; valid: 0 or more, and finite");
}

TEST_F(CliWeightsTest, WhatIsNoWeightIsNamed) {
  const auto train = file("train.csv", "a,b,n\n1,2,1\n3,4,-1\n");
  expect_error({"fit", train, "--weights", "n", "-o", model},
               train + ": line 3, column 2 ('n'): '-1' is no weight; valid: 0 or more, and finite");
  const auto empty = file("empty.csv", "a,b,n\n1,2,1\n3,4,\n");
  expect_error({"fit", empty, "--weights", "n", "--missing", "skip", "-o", model},
               empty + ": line 3, column 2 ('n'): '' is no weight; valid: 0 or more, and finite");
}

}  // namespace
}  // namespace kernad::cli_weights_test
