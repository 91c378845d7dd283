// What the commands do when nothing is wrong.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/command.hpp"
#include "kernad/kernad.hpp"

namespace kernad {
namespace {

using nlohmann::json;
using testing::Command;
using testing::lines;
using testing::Outcome;

/// A model of 60 normal rows, fitted by the CLI, and the labelled data that it came from.
struct Fitted {
  Command kernad;
  std::string data = kernad.folder().write("data.csv", testing::labelled_csv(60, 10));
  std::string model = kernad.folder().path("model.safetensors");
  Outcome fit = kernad({"fit", data, "-o", model, "--labels", "class", "--components", "3", "--json"});
};

std::set<std::string> keys(const json& object) {
  std::set<std::string> names;
  for (const auto& item : object.items()) names.insert(item.key());
  return names;
}

TEST(CliTest, FitReportsWhatItDid) {
  Fitted f;
  ASSERT_EQ(f.fit.status, 0) << f.fit.err;
  EXPECT_EQ(f.fit.err, "");
  const json report = json::parse(f.fit.out);
  EXPECT_EQ(keys(report), (std::set<std::string>{"model",
                                                 "n_pca_components",
                                                 "all_rows",
                                                 "feature_scaling_method",
                                                 "max_training_points",
                                                 "seed",
                                                 "rows_seen",
                                                 "rows_used",
                                                 "columns",
                                                 "rank",
                                                 "components",
                                                 "kde_rank",
                                                 "explained_variance",
                                                 "bandwidth_factor",
                                                 "max_length",
                                                 "auto",
                                                 "standardize",
                                                 "bandwidth",
                                                 "covariance",
                                                 "local_alpha",
                                                 "shrinkage",
                                                 "note_codes",
                                                 "notes",
                                                 "rows_left_out"}));
  EXPECT_EQ(report["rows_seen"], 60);
  EXPECT_EQ(report["rows_left_out"], 10);
  EXPECT_EQ(report["columns"], 4);
  EXPECT_EQ(report["components"], 3);

  const json info = json::parse(f.kernad({"info", f.model, "--json"}).out);
  EXPECT_EQ(info["rows_used"], 60);
  EXPECT_EQ(info["n_pca_components"], 3);
  EXPECT_EQ(info["max_length"], report["max_length"]);

  const auto table = f.kernad({"fit", f.data, "-o", f.model, "--labels", "-1", "--components", "0.9"});
  EXPECT_EQ(table.status, 0) << table.err;
  EXPECT_NE(table.out.find("anomalous rows left out  10\n"), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("0.9 of the variance\n"), std::string::npos) << table.out;
}

TEST(CliTest, FitTakesEveryWayToEstimate) {
  Fitted f;
  const auto fit = f.kernad({"fit", f.data, "-o", f.model, "--labels", "class", "--components", "all", "--standardize",
                             "--bandwidth", "loo", "--covariance", "ledoit-wolf", "--local", "0.5", "--json"});
  ASSERT_EQ(fit.status, 0) << fit.err;
  const json info = json::parse(f.kernad({"info", f.model, "--json"}).out);
  EXPECT_EQ(info["n_pca_components"], "all");
  EXPECT_EQ(info["standardize"], true);
  EXPECT_EQ(info["bandwidth"], "loo");
  EXPECT_EQ(info["covariance"], "ledoit-wolf");
  EXPECT_EQ(info["local_alpha"], 0.5);
  EXPECT_GT(info["shrinkage"], 0);
  EXPECT_TRUE(info["loo_log_likelihood"].is_number());
  EXPECT_EQ(info["bandwidth_factor"], json::parse(fit.out)["bandwidth_factor"]);
  const auto text = f.kernad({"info", f.model}).out;
  for (const char* line :
       {"components wanted     all\n", "columns standardized  yes\n", "bandwidth             loo\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << text;
  }

  const auto table = read_table(f.data, {"class", CsvHeader::detect});
  KDEClassifier model({.n_pca_components = ComponentCount::all(),
                       .standardize = true,
                       .kde = {Bandwidth::loo(), Covariance::ledoit_wolf, 0.5}});
  ASSERT_TRUE(model.fit(table.features.view().middle_rows(0, 60)));
  EXPECT_EQ(KDEClassifier::load(f.model).compute_kde_scores(table.features, true),
            model.compute_kde_scores(table.features, true));
}

TEST(CliTest, AutoChoosesAndTellsWhat) {
  Fitted f;
  const auto fit = f.kernad({"fit", f.data, "-o", f.model, "--labels", "class", "--auto", "--target-fpr", "0.1"});
  ASSERT_EQ(fit.status, 0) << fit.err;
  EXPECT_EQ(fit.err, "");
  for (const char* part : {"components wanted        auto\n", "auto, density 1          all components, Ledoit-Wolf",
                           "auto, density 2          standardised columns", "of 60 training rows\n"}) {
    EXPECT_NE(fit.out.find(part), std::string::npos) << part << '\n' << fit.out;
  }
  const json info = json::parse(f.kernad({"info", f.model, "--json"}).out);
  EXPECT_EQ(info["auto"], true);
  EXPECT_EQ(info["chosen"].size(), 2);
  EXPECT_EQ(info["n_pca_components"], "auto");
  for (const char* unused : {"standardize", "bandwidth", "covariance", "local_alpha"}) {
    EXPECT_FALSE(info.contains(unused)) << unused;
  }
  const json why =
      json::parse(f.kernad({"explain", f.model, f.data, "--row", "65", "--labels", "class", "--json"}).out);
  EXPECT_GE(why["decided_by"], 1);
  const auto text = f.kernad({"explain", f.model, f.data, "--row", "65", "--labels", "class"});
  EXPECT_NE(text.out.find("decided by      density "), std::string::npos) << text.out;

  const auto table = read_table(f.data, {"class", CsvHeader::detect});
  KDEClassifier model({.automatic = true});
  ASSERT_TRUE(model.fit(table.features.view().middle_rows(0, 60)));
  EXPECT_EQ(KDEClassifier::load(f.model).compute_kde_scores(table.features, true),
            model.compute_kde_scores(table.features, true));
}

TEST(CliTest, WhatAutoChoosesCannotBeGivenBesideIt) {
  Fitted f;
  const std::vector<std::vector<std::string>> beside = {{"--components", "3"},  {"--standardize"},
                                                        {"--bandwidth", "loo"}, {"--covariance", "oas"},
                                                        {"--local", "1"},       {"--scaling", "norm"}};
  for (const auto& option : beside) {
    std::vector<std::string> words = {"fit", f.data, "-o", f.model, "--labels", "class", "--auto"};
    words.insert(words.end(), option.begin(), option.end());
    const auto fit = f.kernad(words);
    EXPECT_EQ(fit.status, 2) << option[0];
    EXPECT_NE(fit.err.find(option[0] + " excludes --auto"), std::string::npos) << fit.err;
  }
}

TEST(CliTest, FitIsTheLibrarysFit) {
  Fitted f;
  const auto table = read_table(f.data, {"class", CsvHeader::detect});
  KDEClassifier model({.n_pca_components = 3});
  ASSERT_TRUE(model.fit(table.features.view().middle_rows(0, 60)));
  EXPECT_EQ(KDEClassifier::load(f.model).compute_kde_scores(table.features, true),
            model.compute_kde_scores(table.features, true));
}

TEST(CliTest, NotesGoToStandardError) {
  Fitted f;
  const auto fit = f.kernad({"fit", f.data, "-o", f.model, "--labels", "class", "--max-training-points", "20",
                             "--components", "9", "--scaling", "norm", "--seed", "7", "--threads", "2", "--json"});
  ASSERT_EQ(fit.status, 0) << fit.err;
  EXPECT_EQ(lines(fit.err), 2u) << fit.err;
  EXPECT_EQ(fit.err.rfind("kernad: note: a sample of 20 of 60 rows", 0), 0u) << fit.err;
  const json report = json::parse(fit.out);
  EXPECT_EQ(report["rows_used"], 20);
  EXPECT_EQ(report["seed"], 7);
  EXPECT_EQ(report["feature_scaling_method"], "norm");
  EXPECT_EQ(report["notes"].size(), 2u);
}

TEST(CliTest, PruningCanBeSwitchedOff) {
  // Rows that occur twice are summed once with pruning: other bits, the same density.
  Command kernad;
  Embeddings rows(400, 3);
  for (std::size_t i = 0; i < 400; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      rows(i, j) = static_cast<float>(std::sin(static_cast<double>(i % 200 * (7 + 3 * j))));
    }
  }
  KDEClassifier model({.n_pca_components = 3});
  ASSERT_TRUE(model.fit(rows));
  const std::string path = kernad.folder().path("model.safetensors");
  model.save(path);
  std::string csv;
  for (std::size_t i = 0; i < 200; ++i)
    csv += fmt::format("{:.9g},{:.9g},{:.9g}\n", rows(i, 0), rows(i, 1), rows(i, 2));
  const std::string data = kernad.folder().write("data.csv", csv);
  const auto scores = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"predict", path, data, "--json"});
    return json::parse(kernad(options).out)["log_density"].get<std::vector<double>>();
  };
  EXPECT_EQ(scores({}), model.compute_kde_scores(rows.view().middle_rows(0, 200), true));
  model.set_pruning(false);
  EXPECT_EQ(scores({"--no-pruning"}), model.compute_kde_scores(rows.view().middle_rows(0, 200), true));
  EXPECT_NE(scores({"--no-pruning"}), scores({}));
}

TEST(CliTest, PredictWritesTheSameInEveryFormat) {
  Fitted f;
  const auto path = [&](const char* name) { return f.kernad.folder().path(name); };
  const auto csv = f.kernad({"predict", f.model, f.data, "--labels", "class"});
  ASSERT_EQ(csv.status, 0) << csv.err;
  EXPECT_EQ(lines(csv.out), 71u);
  for (const char* name : {"out.csv", "out.npy", "out.json"}) {
    const auto run = f.kernad({"predict", f.model, f.data, "--labels", "4", "-o", path(name)});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(lines(run.err), 1u) << run.err;
    EXPECT_NE(run.err.find("note: the model has no threshold; probability is of the reference's fixed scale"),
              std::string::npos);
  }
  EXPECT_EQ(f.kernad.folder().read("out.csv"), csv.out);
  const json from_file = json::parse(f.kernad.folder().read("out.json"));
  EXPECT_EQ(from_file, json::parse(f.kernad({"predict", f.model, f.data, "--labels", "class", "--json"}).out));

  const auto rows = read_table(f.data, {"class", CsvHeader::detect}).features;
  const auto model = KDEClassifier::load(f.model);
  const auto log_density = model.compute_kde_scores(rows, true);
  EXPECT_EQ(from_file["log_density"].get<std::vector<double>>(), log_density);
  EXPECT_EQ(from_file["probability"].get<std::vector<double>>(), model.predict(rows));

  const std::string npy = f.kernad.folder().read("out.npy");
  const std::size_t bytes = log_density.size() * sizeof(double);
  ASSERT_EQ(npy.size(), 128 + bytes);
  EXPECT_NE(npy.find("{'descr': '<f8', 'fortran_order': False, 'shape': (70,), }"), std::string::npos);
  EXPECT_EQ(std::memcmp(npy.data() + 128, log_density.data(), bytes), 0);
  EXPECT_EQ(read_table(path("out.npy")).features.cols(), 70u);

  std::istringstream text(csv.out);
  std::string line;
  std::getline(text, line);
  EXPECT_EQ(line, "log_density,probability");
  for (const double want : log_density) {
    std::getline(text, line);
    EXPECT_EQ(std::stod(line), want);
  }
  const auto summary =
      f.kernad({"predict", f.model, f.data, "--labels", "class", "-o", path("out.csv"), "--json", "--threads", "1"});
  EXPECT_EQ(json::parse(summary.out), (json{{"rows", 70}, {"output", path("out.csv")}}));
  EXPECT_EQ(f.kernad.folder().read("out.csv"), csv.out);
}

TEST(CliTest, TestMeasures) {
  Fitted f;
  const auto run = f.kernad({"test", f.model, f.data, "--labels", "class", "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  const json metrics = json::parse(run.out);
  EXPECT_EQ(keys(metrics), (std::set<std::string>{"image_AUROC", "AUPR", "F1Max", "F1Max_threshold", "FPR@95TPR",
                                                  "n_normal", "n_anomalous"}));
  EXPECT_EQ(metrics["n_normal"], 60);
  EXPECT_EQ(metrics["n_anomalous"], 10);
  EXPECT_EQ(metrics["image_AUROC"], 1.0);
  EXPECT_EQ(metrics["F1Max"], 1.0);

  // The threshold is a log_density: exactly the anomalous rows are at or below it.
  const json scores = json::parse(f.kernad({"predict", f.model, f.data, "--labels", "class", "--json"}).out);
  for (std::size_t i = 0; i < 70; ++i) {
    EXPECT_EQ(scores["log_density"][i].get<double>() <= metrics["F1Max_threshold"].get<double>(), i >= 60) << i;
  }
  const auto table = f.kernad({"test", f.model, f.data, "--labels", "class"});
  EXPECT_EQ(table.out.rfind("image_AUROC      1.000000\n", 0), 0u) << table.out;
}

TEST(CliTest, LabelsFromAFileAndFromStandardInput) {
  Fitted f;
  std::string labels = "class\n";
  for (int i = 0; i < 70; ++i) labels += i < 60 ? "0\n" : "1\n";
  const auto file = f.kernad.folder().write("labels.csv", labels);
  std::string features = testing::labelled_csv(60, 10);
  for (const char* label : {",class", ",good", ",bad"}) {
    for (auto at = features.find(label); at != std::string::npos; at = features.find(label)) {
      features.erase(at, std::string(label).size());
    }
  }
  const auto data = f.kernad.folder().write("features.csv", features);
  const auto want = f.kernad({"test", f.model, f.data, "--labels", "class", "--json"});
  EXPECT_EQ(f.kernad({"test", f.model, data, "--labels", file, "--json"}).out, want.out);
  EXPECT_EQ(f.kernad({"test", f.model, "-", "--labels", file, "--json"}, features).out, want.out);
  EXPECT_EQ(f.kernad({"test", f.model, "-", "--labels", "class", "--json"}, testing::labelled_csv(60, 10)).out,
            want.out);
  EXPECT_EQ(f.kernad({"predict", f.model, "-"}, features).out, f.kernad({"predict", f.model, data}).out);
}

TEST(CliTest, HeaderAbsentOrPresent) {
  Fitted f;
  EXPECT_EQ(lines(f.kernad({"predict", f.model, "-", "--header", "absent"}, "1,2,3,4\n5,6,7,8\n").out), 3u);
  EXPECT_EQ(
      lines(f.kernad({"predict", f.model, "-", "--header", "present", "--columns-by", "position"}, "1,2,3,4\n5,6,7,8\n")
                .out),
      2u);
}

TEST(CliTest, RealData) {
  Command kernad;
  const std::string data = KERNAD_TEST_DATA "/breast_cancer.csv";
  const auto model = kernad.folder().path("model");
  ASSERT_EQ(kernad({"fit", data, "-o", model, "--labels", "-1"}).status, 0);
  const auto run = kernad({"test", model, data, "--labels", "-1", "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  const json metrics = json::parse(run.out);
  EXPECT_EQ(metrics["n_normal"].get<int>() + metrics["n_anomalous"].get<int>(), 569);
  EXPECT_GT(metrics["image_AUROC"].get<double>(), 0.8);
}

TEST(CliTest, InfoOnThisMachine) {
  Command kernad;
  const json info = json::parse(kernad({"info", "--json"}).out);
  EXPECT_EQ(keys(info),
            (std::set<std::string>{"version", "cpu", "kernel_target", "kernel_targets", "blas", "threads"}));
  EXPECT_EQ(kernad({"--version"}).out, "kernad " + info["version"].get<std::string>() + "\n");
  EXPECT_EQ(lines(kernad({"info"}).out), 6u);
}

}  // namespace
}  // namespace kernad
