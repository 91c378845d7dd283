// test, calibrate, explain and compare read block by block: files larger than the memory they may use, and labels whose
// meaning is seen in the last block.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "kernad/kernad.hpp"
#include "support/bytes.hpp"
#include "support/data.hpp"

namespace kernad::cli_blocks_test {
namespace {

using nlohmann::json;
using testing::Command;
using testing::lines;
using testing::npy;
using Words = std::vector<std::string>;

class CliBlocksTest : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& bytes) { return kernad.folder().write(name, bytes); }

  /// Rows of two columns with an id and a label, more than a block has.
  std::string table(const std::function<std::string(std::size_t)>& label) {
    std::string text = "id,x,y,label\n";
    std::uint32_t state = 1;
    for (std::size_t i = 0; i < kRows; ++i) {
      state = state * 1664525u + 1013904223u;
      text += "r" + std::to_string(i) + "," + std::to_string(state >> 28) + "," + std::to_string(state >> 24 & 15) +
              "," + label(i) + "\n";
    }
    return file("t.csv", text);
  }

  void fit(const Words& more = {}) {
    std::string text = "x,y\n";
    testing::Random random(1);
    for (int i = 0; i < 100; ++i) {
      text += std::to_string(8 + 2 * random.normal()) + "," + std::to_string(8 + 2 * random.normal()) + "\n";
    }
    Words words = {"fit", file("train.csv", text), "-o", model, "--components", "2"};
    words.insert(words.end(), more.begin(), more.end());
    const auto run = kernad(words);
    ASSERT_EQ(run.status, 0) << run.err;
  }

  static constexpr std::size_t kRows = KERNAD_BLOCK_VALUES / 2 + 9000;
  const Words reading_ = {"--labels", "label", "--id", "id"};

  testing::Outcome with_labels(Words words) {
    words.insert(words.end(), reading_.begin(), reading_.end());
    return kernad(words);
  }

  Command kernad;
  std::string model = kernad.folder().path("m.safetensors");
};

TEST_F(CliBlocksTest, WhatLabelsMeanIsSeenInTheLastBlock) {
  fit({"--target-fpr", "0.05"});
  const auto ones = table([](std::size_t i) { return i == kRows - 1 ? "-1" : "1"; });
  const auto run = with_labels({"test", model, ones, "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(json::parse(run.out)["n_anomalous"], 1);
  EXPECT_NE(run.err.find("the label -1 is taken for anomalous"), std::string::npos) << run.err;
  const auto anomalies =
      with_labels({"test", model, table([](std::size_t i) { return i == 0 ? "0" : "1"; }), "--json"});
  EXPECT_EQ(json::parse(anomalies.out)["n_anomalous"], kRows - 1);
  const auto wrong = with_labels({"test", model, table([](std::size_t i) { return i == kRows - 100 ? "2" : "1"; })});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_NE(wrong.err.find("row " + std::to_string(kRows - 100) + ": '2' is not a label"), std::string::npos)
      << wrong.err;
}

TEST_F(CliBlocksTest, TheSameAsOfAllRowsAtOnce) {
  fit({"--target-fpr", "0.05"});
  const auto is_anomalous = [](std::size_t i) { return i % 1000 == 999; };
  const auto data = table([&](std::size_t i) { return is_anomalous(i) ? "bad" : "ok"; });
  const Table all = read_table(data, {.label_column = "label", .id_columns = {"id"}});
  const auto labels = parse_labels(all.labels, "labels");
  std::vector<float> normal;
  for (std::size_t i = 0; i < kRows; ++i) {
    if (labels[i] == 0) normal.insert(normal.end(), all.features.row(i).begin(), all.features.row(i).end());
  }
  auto want = KDEClassifier::load(model);
  const auto scores = want.compute_kde_scores(all.features, true);

  std::vector<double> negated;
  for (const double x : scores) negated.push_back(0 - x);
  const auto run = with_labels({"test", model, data, "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(json::parse(run.out)["image_AUROC"], evaluate(negated, labels).image_AUROC);

  const std::string out = kernad.folder().path("c.safetensors");
  ASSERT_EQ(with_labels({"calibrate", model, "--f1", data, "-o", out}).status, 0);
  EXPECT_EQ(KDEClassifier::load(out).threshold().log_density, Threshold::at_largest_f1(scores, labels).log_density);

  ASSERT_EQ(with_labels({"calibrate", model, "--normals", data, "-o", out}).status, 0);
  const std::size_t count = normal.size() / 2;
  want.calibrate_from(Embeddings(std::move(normal), count, 2));
  EXPECT_TRUE(
      std::ranges::equal(KDEClassifier::load(out).calibration().log_densities(), want.calibration().log_densities()));

  const auto explained = with_labels({"explain", model, data, "--row", "r" + std::to_string(kRows - 1), "--json"});
  ASSERT_EQ(explained.status, 0) << explained.err;
  EXPECT_EQ(json::parse(explained.out)["log_density"], scores[kRows - 1]);
  EXPECT_EQ(json::parse(explained.out)["row"], kRows - 1);
}

/// All but the names of rows and columns, which the library is not given here.
void expect_same_fit(const std::string& model, const KDEClassifier& want) {
  const auto got = KDEClassifier::load(model);
  EXPECT_EQ(got.report().rows_seen, want.report().rows_seen);
  for (const auto& [name, tensor] : want.state_dict().tensors) {
    EXPECT_EQ(got.state_dict().tensors.at(name).bytes, tensor.bytes) << name;
  }
}

TEST_F(CliBlocksTest, AFitOfLabelledRowsKeepsTheSampleAlone) {
  // What is normal is seen in the last row: 1 if it is -1, and 0 otherwise.
  for (const std::string last : {"-1", "0"}) {
    const auto data = table(
        [&](std::size_t i) { return i == kRows - 1 ? last : std::string(i % 3 == 0 && last == "0" ? "0" : "1"); });
    const Table all = read_table(data, {.label_column = "label", .id_columns = {"id"}});
    std::vector<float> normal;
    const auto labels = parse_labels(all.labels, "labels");
    for (std::size_t i = 0; i < kRows; ++i) {
      if (labels[i] == 0) normal.insert(normal.end(), all.features.row(i).begin(), all.features.row(i).end());
    }
    const std::size_t count = normal.size() / 2;
    KDEClassifier want({.n_pca_components = 2, .max_training_points = 300});
    ASSERT_TRUE(want.fit(Embeddings(std::move(normal), count, 2)));
    const auto run = with_labels({"fit", data, "-o", model, "--components", "2", "--max-training-points", "300"});
    ASSERT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(count, last == "0" ? (kRows + 2) / 3 + ((kRows - 1) % 3 == 0 ? 0 : 1) : kRows - 1);
    expect_same_fit(model, want);
    EXPECT_EQ(KDEClassifier::load(model).row_names().size(), 300u);
    EXPECT_EQ(KDEClassifier::load(model).row_names()[0][0], 'r');
  }
}

TEST_F(CliBlocksTest, AReportNamesTheWorstRowsOfAllBlocks) {
  fit();
  std::size_t next = 0;
  const auto data = table([&](std::size_t) { return next++ % 1000 == (kRows - 1001) % 1000 ? "bad" : "ok"; });
  std::string text = kernad.folder().read("t.csv");
  // The rarest normal row is in the last block, the most usual anomalous one as well.
  const auto put = [&](std::size_t row, const std::string& values) {
    const auto at = text.find("\nr" + std::to_string(row) + ",") + 1;
    const auto from = text.find(',', at) + 1;
    const auto to = text.find(',', text.find(',', from) + 1);
    text.replace(from, to - from, values);
  };
  put(kRows - 1000, "50,50");
  put(kRows - 1001, "8,8");
  file("t.csv", text);
  const auto run = with_labels({"test", model, data, "--report", kernad.folder().path("r.html")});
  ASSERT_EQ(run.status, 0) << run.err;
  const std::string page = kernad.folder().read("r.html");
  EXPECT_NE(page.find("r" + std::to_string(kRows - 1000)), std::string::npos);
  EXPECT_NE(page.find("r" + std::to_string(kRows - 1001)), std::string::npos);
}

TEST_F(CliBlocksTest, FilesLargerThanTheMemory) {
#if defined(KERNAD_TEST_SANITIZED)
  GTEST_SKIP() << "sanitizers need more address space than the limit leaves";
#endif
  // 60 rows of numbers; the others are 0 and take no room on the disk.
  constexpr std::size_t kWideRows = 140'000;
  constexpr std::size_t kColumns = 768;
  const auto train = testing::gaussian(60, kColumns, 1);
  const auto bytes = testing::raw(std::vector<float>(train.values().begin(), train.values().end()));
  const std::string data = file("wide.npy", npy("<f4", "(140000, 768)", bytes));
  std::filesystem::resize_file(data, std::filesystem::file_size(data) + (kWideRows - 60) * kColumns * 4);
  std::string labels(kWideRows, '\1');
  for (std::size_t i = 0; i < kWideRows; i += i < 60 ? 1 : 7) labels[i] = 0;
  const std::string labels_file = file("labels.npy", npy("|u1", "(140000,)", labels));
  std::string weights = labels;
  for (char& weight : weights) weight = weight == 0 ? '\2' : '\0';
  const std::string weights_file = file("weights.npy", npy("|u1", "(140000,)", weights));
  ASSERT_EQ(kernad({"fit", file("train.npy", npy("<f4", "(60, 768)", bytes)), "-o", model, "--components", "2",
                    "--target-fpr", "0.1"})
                .status,
            0);
  const std::string out = kernad.folder().path("c.safetensors");
  for (const std::string& words :
       {"fit " + data + " --labels " + labels_file + " --components 2 -o " + out + " --max-training-points 3000",
        "fit " + data + " --weights " + weights_file + " --components 2 -o " + out + " --max-training-points 3000",
        "test " + model + " " + data + " --labels " + labels_file, "explain " + model + " " + data + " --row 139999",
        "calibrate " + model + " --normals " + data + " --labels " + labels_file + " -o " + out,
        "compare " + model + " " + data + ""}) {
    const std::string command = std::string(KERNAD_TEST_BINARY) + " " + words + " --threads 1";
    const auto run = testing::run_program({"sh", "-c", "ulimit -v 400000; exec " + command});
    // Zeros are no rows as the model's.
    EXPECT_EQ(run.status, words.starts_with("compare") ? 3 : 0) << words << "\n" << run.out;
  }
  EXPECT_GT(std::filesystem::file_size(data), 400'000u * 1024);
}

}  // namespace
}  // namespace kernad::cli_blocks_test
