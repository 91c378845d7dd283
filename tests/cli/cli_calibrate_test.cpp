// Calibration on the command line: fit --target-fpr, calibrate, and what predict, test and info then say.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "kernad/kernad.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using nlohmann::json;
using testing::Command;
using testing::lines;
using testing::Outcome;

/// A calibrated model of 60 normal rows, and the labelled data that it came from.
class CliCalibrateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto fit =
        kernad({"fit", data, "-o", model, "--labels", "class", "--components", "3", "--target-fpr", "0.1"});
    ASSERT_EQ(fit.status, 0) << fit.err;
    ASSERT_EQ(kernad({"fit", data, "-o", plain, "--labels", "class", "--components", "3"}).status, 0);
  }

  json run(const std::vector<std::string>& arguments) {
    const auto outcome = kernad(arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return json::parse(outcome.out);
  }

  void expect_error(const std::vector<std::string>& arguments, const std::vector<std::string>& parts) {
    const auto outcome = kernad(arguments);
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(lines(outcome.err), 1U) << outcome.err;
    for (const auto& part : parts) EXPECT_NE(outcome.err.find(part), std::string::npos) << part << "\n" << outcome.err;
  }

  Embeddings features() { return read_table(data, {"class", CsvHeader::detect}).features; }

  Command kernad;
  std::string data = kernad.folder().write("data.csv", testing::labelled_csv(60, 10));
  std::string model = kernad.folder().path("model.safetensors");
  std::string plain = kernad.folder().path("plain.safetensors");
};

TEST_F(CliCalibrateTest, FitCalibratesAsTheLibraryDoes) {
  const auto all = features();
  KDEClassifier want({.n_pca_components = 3});
  ASSERT_TRUE(want.fit(all.view().middle_rows(0, 60)));
  want.calibrate(all.view().middle_rows(0, 60));
  want.set_target_fpr(0.1);
  const auto got = KDEClassifier::load(model);
  EXPECT_TRUE(std::ranges::equal(got.calibration().log_densities(), want.calibration().log_densities()));
  EXPECT_EQ(got.calibration().folds(), 10U);
  EXPECT_EQ(got.threshold().log_density, want.threshold().log_density);

  const json info = run({"info", model, "--json"});
  EXPECT_EQ(info["calibration"], (json{{"rows", 60}, {"folds", 10}, {"smallest_fpr", 1.0 / 61}}));
  EXPECT_EQ(info["threshold"],
            (json{{"rule", "target_fpr"}, {"value", 0.1}, {"log_density", want.threshold().log_density}}));
  const auto table = kernad({"info", model}).out;
  EXPECT_NE(table.find(" 60 training rows in 10 folds\n"), std::string::npos) << table;
  EXPECT_NE(table.find("(log_density; target FPR 0.1)\n"), std::string::npos) << table;

  // --folds alone: p-values now, a threshold later.
  const auto later = kernad.folder().path("later");
  const json fit = run({"fit", data, "-o", later, "--labels", "class", "--components", "3", "--folds", "4", "--json"});
  EXPECT_EQ(fit["calibration"]["folds"], 4);
  EXPECT_FALSE(fit.contains("threshold"));
  EXPECT_EQ(kernad({"predict", later, data, "--labels", "class"}).out.rfind("log_density,probability,p_value\n", 0),
            0U);
}

TEST_F(CliCalibrateTest, PredictGainsPValueAndLabel) {
  const auto csv = kernad({"predict", model, data, "--labels", "class"}).out;
  EXPECT_EQ(csv.rfind("label,score,p_value,log_density,probability\n", 0), 0U) << csv;
  EXPECT_EQ(lines(csv), 71U);
  const json scores = run({"predict", model, data, "--labels", "class", "--json"});
  const auto classifier = KDEClassifier::load(model);
  const auto log_density = classifier.compute_kde_scores(features(), true);
  EXPECT_EQ(scores["log_density"].get<std::vector<double>>(), log_density);
  EXPECT_EQ(scores["p_value"].get<std::vector<double>>(), classifier.calibration().p_values(log_density));
  EXPECT_EQ(scores["label"].get<std::vector<std::uint8_t>>(), classifier.threshold().labels(log_density));
  for (std::size_t i = 60; i < 70; ++i) EXPECT_EQ(scores["label"][i], 1);
  const auto second = csv.substr(csv.find('\n') + 1);
  EXPECT_EQ(std::count(second.begin(), second.begin() + static_cast<std::ptrdiff_t>(second.find('\n')), ','), 4);
  EXPECT_NE(csv.find("\n1,"), std::string::npos) << "the label is a number";

  EXPECT_EQ(kernad({"predict", plain, data, "--labels", "class"}).out.rfind("log_density,probability\n", 0), 0U);
}

TEST_F(CliCalibrateTest, PredictControlsFalseDiscoveries) {
  const json scores = run({"predict", model, data, "--labels", "class", "--fdr", "0.2", "--json"});
  EXPECT_EQ(scores["label"].get<std::vector<std::uint8_t>>(),
            benjamini_hochberg(scores["p_value"].get<std::vector<double>>(), 0.2));
  expect_error({"predict", plain, data, "--labels", "class", "--fdr", "0.2"}, {"plain.safetensors: is not calibrated"});
  expect_error({"predict", model, data, "--labels", "class", "--fdr", "2"}, {"false-discovery rate is 2", "below 1"});
}

TEST_F(CliCalibrateTest, TestReportsTheThreshold) {
  const json result = run({"test", model, data, "--labels", "class", "--json"});
  const json scores = run({"predict", model, data, "--labels", "class", "--json"});
  const auto labels = scores["label"].get<std::vector<int>>();
  const auto false_positives = std::count(labels.begin(), labels.begin() + 60, 1);
  EXPECT_EQ(result["true_positives"], 10);
  EXPECT_EQ(result["false_positives"], false_positives);
  EXPECT_EQ(result["true_negatives"], 60 - false_positives);
  EXPECT_EQ(result["false_negatives"], 0);
  EXPECT_EQ(result["FPR"], static_cast<double>(false_positives) / 60);
  EXPECT_EQ(result["TPR"], 1);
  EXPECT_EQ(result["precision"], 10.0 / static_cast<double>(10 + false_positives));
  EXPECT_EQ(result["F1"], 20.0 / static_cast<double>(20 + false_positives));
  EXPECT_EQ(result["threshold"]["value"], 0.1);
  const auto table = kernad({"test", model, data, "--labels", "class"}).out;
  EXPECT_NE(table.find("TPR              1.000000\n"), std::string::npos) << table;
  EXPECT_FALSE(run({"test", plain, data, "--labels", "class", "--json"}).contains("FPR"));
}

TEST_F(CliCalibrateTest, ThresholdsChangeWithoutARefit) {
  const auto before = KDEClassifier::load(model);
  const json rate = run({"calibrate", model, "--target-fpr", "0.05", "--json"});
  EXPECT_EQ(rate["threshold"]["log_density"], before.calibration().threshold(0.05));
  const auto other = kernad.folder().path("other");
  EXPECT_EQ(run({"calibrate", model, "--threshold", "-3.5", "-o", other, "--json"})["threshold"],
            (json{{"rule", "log_density"}, {"value", -3.5}, {"log_density", -3.5}}));
  EXPECT_EQ(run({"calibrate", other, "--probability", "0.5", "--json"})["threshold"]["log_density"], 12);
  EXPECT_EQ(KDEClassifier::load(model).threshold().value, 0.05) << "--output leaves MODEL as it was";

  const json best = run({"calibrate", plain, "--f1", data, "--labels", "class", "--json"});
  EXPECT_EQ(best["threshold"]["rule"], "f1_max");
  const json test = run({"test", plain, data, "--labels", "class", "--json"});
  EXPECT_EQ(test["F1"], test["F1Max"]);
  EXPECT_EQ(test["threshold"]["log_density"], test["F1Max_threshold"]);

  const auto after = KDEClassifier::load(other);
  EXPECT_EQ(after.compute_kde_scores(features(), true), before.compute_kde_scores(features(), true));
  const auto table = kernad({"calibrate", other, "--target-fpr", "0.1"}).out;
  EXPECT_EQ(lines(table), 4U) << table;
}

TEST_F(CliCalibrateTest, FurtherNormalsReplaceTheFolds) {
  const auto further = kernad.folder().write("further.csv", testing::labelled_csv(30, 5));
  const json calibrated = run({"calibrate", model, "--normals", further, "--labels", "class", "--json"});
  EXPECT_EQ(calibrated["calibration"], (json{{"rows", 30}, {"folds", 0}, {"smallest_fpr", 1.0 / 31}}));
  const auto classifier = KDEClassifier::load(model);
  EXPECT_EQ(calibrated["threshold"]["log_density"], classifier.calibration().threshold(0.1)) << "the rate is kept";
  const auto table = kernad({"info", model}).out;
  EXPECT_NE(table.find("30 further normal rows\n"), std::string::npos) << table;

  // Rows that cannot guarantee the rate set before, but can guarantee the one asked for now.
  const auto few = kernad.folder().write("few.csv", testing::labelled_csv(4, 0));
  expect_error({"calibrate", model, "--normals", few, "--labels", "class"}, {"0.1 cannot be promised from 4", "1/5"});
  EXPECT_EQ(run({"calibrate", model, "--normals", few, "--labels", "class", "--target-fpr", "0.2",
                 "--json"})["calibration"]["rows"],
            4);
  EXPECT_EQ(run({"calibrate", plain, "--normals", few, "--labels", "class", "--json"}).contains("threshold"), false);
}

TEST_F(CliCalibrateTest, WhatCannotBePromisedIsRefused) {
  const auto out = kernad.folder().path("out");
  expect_error({"fit", data, "-o", out, "--labels", "class", "--components", "3", "--target-fpr", "0.01"},
               {"0.01 cannot be promised from 60 calibration rows", "1/61 = 0.0164"});
  EXPECT_FALSE(std::filesystem::exists(out)) << "a model without the threshold that was asked for";
  expect_error({"calibrate", model, "--target-fpr", "0.01"}, {"1/61"});
  for (const char* bad : {"0", "1", "-1", "nan", "x"}) {
    expect_error({"fit", data, "-o", out, "--labels", "class", "--components", "3", "--target-fpr", bad}, {"kernad: "});
  }
  expect_error({"fit", data, "-o", out, "--labels", "class", "--components", "3", "--folds", "1"}, {"folds is 1"});
  expect_error({"calibrate", plain, "--target-fpr", "0.1"}, {"plain.safetensors: is not calibrated", "--normals"});
  expect_error({"calibrate", model}, {"nothing to change", "--target-fpr"});
  expect_error({"calibrate", model, "--target-fpr", "0.1", "--threshold", "1"}, {"excludes"});
  expect_error({"calibrate", model, "--f1", data}, {"--labels"});
  expect_error({"calibrate", model, "--threshold", "inf"}, {"threshold is inf"});
  expect_error({"calibrate", model, "--probability", "1"}, {"probability is 1"});
  expect_error({"calibrate", model, "--normals", data, "--labels", "class", "-o", data}, {"data.csv", "input"});
}

TEST_F(CliCalibrateTest, ACheckpointIsNotRewritten) {
  StateDict checkpoint = read_safetensors(plain);
  checkpoint.metadata.clear();
  checkpoint.tensors["feature_extractor.weight"] = checkpoint.tensors["max_length"];
  const auto path = kernad.folder().path("checkpoint");
  write_safetensors(path, checkpoint);
  const auto before = kernad.folder().read("checkpoint");
  for (const auto& output : std::vector<std::vector<std::string>>{{}, {"-o", path}}) {
    std::vector<std::string> words = {"calibrate", path, "--threshold", "1"};
    words.insert(words.end(), output.begin(), output.end());
    const auto refused = kernad(words);
    EXPECT_EQ(refused.status, 2);
    EXPECT_NE(refused.err.find("give --output"), std::string::npos) << refused.err;
    EXPECT_EQ(kernad.folder().read("checkpoint"), before);
  }
  EXPECT_EQ(kernad({"calibrate", path, "--threshold", "1", "-o", kernad.folder().path("own")}).status, 0);
}

}  // namespace
}  // namespace kernad
