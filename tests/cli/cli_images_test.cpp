// Images on the command line: the cookies that come with the project, and what is wrong with a folder of images.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "cli/command.hpp"

namespace kernad {
namespace {

namespace images {

using testing::Command;
using testing::lines;
using testing::Outcome;

const std::string kCookies = KERNAD_TEST_DATA "/cookies";

/// Without the line that hwloc, a part of OpenVINO, writes in a root without /sys.
std::string own(const std::string& err) {
  if (!err.starts_with("hwloc/")) return err;
  return err.substr(std::min(err.size(), err.find('\n') + 1));
}

/// One line that begins with "kernad: " and holds `part`; nothing on standard output.
void expect_refusal(const Outcome& run, const std::string& part) {
  const std::string err = own(run.err);
  EXPECT_EQ(run.status, 2) << err;
  EXPECT_EQ(run.out, "");
  EXPECT_TRUE(err.starts_with("kernad: ")) << err;
  EXPECT_EQ(lines(err), 1U) << err;
  EXPECT_NE(err.find(part), std::string::npos) << part << "\n" << err;
}

}  // namespace images

using namespace images;

TEST(CliImageOptionsTest, OptionsOfImagesAreRefusedForTables) {
  const Command kernad;
  const std::string data = kernad.folder().write("data.csv", testing::labelled_csv(40, 0));
  expect_refusal(kernad({"fit", data, "-o", kernad.folder().path("m"), "--size", "128"}),
                 "--size: is an option for images, and the data are a table");
}

TEST(CliImageOptionsTest, WatchIsForImages) {
  const Command kernad;
  const std::string data = kernad.folder().write("data.csv", testing::labelled_csv(40, 0));
  const std::string table = kernad.folder().path("m.safetensors");
  ASSERT_EQ(kernad({"fit", data, "-o", table, "--labels", "class"}).status, 0);
  expect_refusal(kernad({"watch", table, kernad.folder().path("")}), table + ": is no model of images");
}

#ifndef KERNAD_TEST_IMAGES

TEST(CliImageOptionsTest, ABuildWithoutThemSaysWhatToInstall) {
  const Command kernad;
  expect_refusal(kernad({"fit", kCookies, "-o", kernad.folder().path("m")}), "scripts/setup images");
  expect_refusal(kernad({"fit", kCookies + "/train/good/000.jpg", "-o", kernad.folder().path("m")}), "without them");
}

#else

class CliImagesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    command_ = std::make_unique<Command>();
    fitted_ = std::make_unique<Outcome>((*command_)({"fit", kCookies, "-o", model(), "--size", "128", "--components",
                                                     "16", "--target-fpr", "0.1", "--folds", "3", "--json"}));
  }
  static void TearDownTestSuite() {
    fitted_.reset();
    command_.reset();
  }
  static std::string model() { return command_->folder().path("model.safetensors"); }
  static std::string path(const std::string& name) { return command_->folder().path(name); }
  static std::string file(const std::string& name, const std::string& bytes) {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    return command_->folder().write(name, bytes);
  }
  static Outcome run(const std::vector<std::string>& arguments) { return (*command_)(arguments); }

  static std::unique_ptr<Command> command_;
  static std::unique_ptr<Outcome> fitted_;
};

std::unique_ptr<Command> CliImagesTest::command_;
std::unique_ptr<Outcome> CliImagesTest::fitted_;

TEST_F(CliImagesTest, FitSaysWhatItFoundAndWhichImageIsOdd) {
  ASSERT_EQ(fitted_->status, 0) << fitted_->err;
  const auto found = nlohmann::json::parse(fitted_->out);
  EXPECT_EQ(found["images"], 31);
  EXPECT_EQ(found["grid"], (std::vector<int>{16, 16}));
  EXPECT_EQ(found["components"], 16);
  EXPECT_NE(fitted_->err.find("030.jpg: is far from the others"), std::string::npos) << fitted_->err;
  EXPECT_NE(fitted_->err.find("does not count for the threshold"), std::string::npos) << fitted_->err;
  ASSERT_EQ(found["odd"].size(), 1U);
  EXPECT_EQ(found["odd"][0]["file"], kCookies + "/train/good/030.jpg");
  EXPECT_EQ(found["odd"][0]["calibration"], false);
  EXPECT_EQ(found["odd"][0]["references"], true);
  const auto again = nlohmann::json::parse(run({"info", model(), "--json"}).out);
  EXPECT_EQ(again["threshold"], found["threshold"]);
  EXPECT_EQ(again["backbone_hash"], found["backbone_hash"]);
  EXPECT_EQ(again["odd"], found["odd"]);
}

TEST_F(CliImagesTest, PredictWritesVerdictsAndHeatMaps) {
  const Outcome outcome = run({"predict", model(), kCookies + "/test/good", "--heatmaps", path("maps"), "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto found = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(found["rows"], 14);
  EXPECT_EQ(found["file"][3], kCookies + "/test/good/003.jpg");
  for (std::size_t i = 0; i < 14; ++i) {
    EXPECT_EQ(found["label"][i] == 1, found["score"][i] >= 0.5);
    EXPECT_GE(found["p_value"][i], 1.0 / 32);
  }
  EXPECT_TRUE(std::filesystem::exists(path("maps/003.png")));
  // A header of 128 bytes, 384 x 512 floats.
  EXPECT_EQ(std::filesystem::file_size(path("maps/003.npy")), 128U + 4U * 384 * 512);
}

TEST_F(CliImagesTest, TestMeasuresImagesAndPixels) {
  const Outcome outcome = run({"test", model(), kCookies, "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto found = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(found["regions"], 37);
  EXPECT_EQ(found["kinds"]["cracked"]["images"], 32);
  EXPECT_GT(found["image_AUROC"], 0.8);
  EXPECT_GT(found["pixel_AUROC"], 0.8);
}

TEST_F(CliImagesTest, TheReportShowsMistakesFirst) {
  const std::string page = path("report.html");
  const Outcome outcome = run({"test", model(), kCookies, "--report", page});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const std::string html = command_->folder().read("report.html");
  const auto missed = html.find("<h2>Missed defects</h2>");
  const auto metrics = html.find("<h2>Metrics</h2>");
  const auto found = html.find("<h2>Defects that were found</h2>");
  ASSERT_NE(missed, std::string::npos);
  EXPECT_LT(missed, metrics);
  EXPECT_LT(metrics, found);
  EXPECT_EQ(html.find("http"), std::string::npos) << "nothing is fetched";
  std::size_t images = 0;
  for (auto at = html.find("data:image/jpeg;base64,/9j/"); at != std::string::npos;
       at = html.find("data:image/jpeg;base64,/9j/", at + 1)) {
    ++images;
  }
  EXPECT_EQ(images % 3, 0U) << "each with its heat map and the nearest good part";
  EXPECT_GE(images, 3U * 24);
}

TEST_F(CliImagesTest, WatchJudgesWhatArrives) {
  const std::string folder = path("incoming");
  std::filesystem::create_directories(folder + "/line 2");
  const auto copy = [&](const std::string& from, const std::string& to) {
    std::filesystem::copy_file(kCookies + from, folder + to, std::filesystem::copy_options::overwrite_existing);
  };
  copy("/test/good/001.jpg", "/there.jpg");
  file("incoming/note.txt", "no image");
  file("incoming/half.jpg", std::string("\xff\xd8\xff") + std::string(100, 'x'));
  std::jthread camera([&] {  // the next image arrives once the first one has its heat map
    while (!std::filesystem::exists(path("watched/there.png"))) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    copy("/test/cracked/013.jpg", "/line 2/arrives.jpg");
  });
  const Outcome outcome = run({"watch", model(), folder, "--count", "2", "--heatmaps", path("watched")});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(outcome.out.starts_with("file,label,score,p_value,surprisal,x,y,width,height\n" + folder + "/there.jpg,"))
      << outcome.out;
  EXPECT_NE(outcome.out.find("\n" + folder + "/line 2/arrives.jpg,"), std::string::npos) << outcome.out;
  EXPECT_EQ(lines(outcome.out), 3U);
  EXPECT_NE(outcome.err.find("half.jpg"), std::string::npos) << outcome.err;
  EXPECT_TRUE(std::filesystem::exists(path("watched/line 2/arrives.png")));
  // The same verdicts as at once.
  const auto at_once = run({"predict", model(), folder + "/line 2/arrives.jpg"});
  EXPECT_TRUE(outcome.out.ends_with(at_once.out.substr(at_once.out.find('\n') + 1))) << outcome.out << at_once.out;
}

TEST_F(CliImagesTest, ExplainNamesTheNearestGoodPatches) {
  const Outcome outcome = run({"explain", model(), kCookies + "/test/cracked/000.jpg"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("nearest good patch"), std::string::npos);
  EXPECT_NE(outcome.out.find(kCookies + "/train/good/"), std::string::npos);
}

TEST_F(CliImagesTest, EmbeddingsAreRowsForTheOtherCommands) {
  const std::vector<std::string> embed = {"embed", kCookies + "/train/good", "--size", "128", "-o"};
  const auto with_output = [&](const std::string& output) {
    auto arguments = embed;
    arguments.push_back(output);
    return run(arguments);
  };
  const std::string csv = path("rows.csv");
  const std::string npy = path("rows.npy");
  const auto written = with_output(csv);
  ASSERT_EQ(written.status, 0) << written.err;
  EXPECT_NE(written.out.find("dimensions  152"), std::string::npos) << written.out;
  ASSERT_EQ(with_output(npy).status, 0);
  const std::string names_model = path("rows.safetensors");
  const std::string plain_model = path("plain.safetensors");
  ASSERT_EQ(run({"fit", csv, "--id", "file", "-o", names_model}).status, 0);
  ASSERT_EQ(run({"fit", npy, "-o", plain_model}).status, 0);
  const auto by_name = run({"predict", names_model, csv, "--id", "file"});
  const auto by_number = run({"predict", plain_model, npy});
  EXPECT_EQ(lines(by_name.out), 32U) << by_name.err;
  EXPECT_TRUE(by_name.out.starts_with("file,log_density,probability\n" + kCookies + "/train/good/000.jpg,"))
      << by_name.out;
  // The same bits: floats are written exactly.
  const auto end = by_number.out.substr(by_number.out.rfind('\n', by_number.out.size() - 2) + 1);
  EXPECT_TRUE(by_name.out.ends_with("," + end)) << end << by_name.out;
  const std::string other = path("other.csv");
  ASSERT_EQ(run({"embed", kCookies + "/test/good", "--size", "96", "-o", other}).status, 0);
  expect_refusal(run({"predict", names_model, other, "--id", "file"}), "model's columns");
}

TEST_F(CliImagesTest, TilesAreKeptInTheModelAndImagesOfAnotherSizeReported) {
  const std::string tiled = path("tiled.safetensors");
  const auto fitted = run({"fit", kCookies, "-o", tiled, "--tile", "384", "--size", "128", "--components", "8",
                           "--folds", "2", "--bandwidth", "2", "--spatial-width", "inf", "--json"});
  ASSERT_EQ(fitted.status, 0) << fitted.err;
  const auto found = nlohmann::json::parse(fitted.out);
  EXPECT_EQ(found["tile"], 384);
  EXPECT_EQ(found["tiles"], 2);
  EXPECT_EQ(found["grid"], (std::vector<int>{21, 16}));
  EXPECT_EQ(nlohmann::json::parse(run({"info", tiled, "--json"}).out)["tile"], 384);
  std::filesystem::create_directories(path("sizes"));
  std::filesystem::copy_file(kCookies + "/test/good/001.jpg", path("sizes/good.jpg"));
  std::filesystem::copy_file(KERNAD_TEST_DATA "/../docs/cookies.png", path("sizes/other.png"));
  const std::string refusal = path("sizes/other.png") + ": has ";
  expect_refusal(run({"predict", tiled, path("sizes")}), refusal);
  const auto kept = run({"predict", tiled, path("sizes"), "--keep-going"});
  EXPECT_EQ(lines(kept.out), 2U) << kept.out;
  EXPECT_NE(kept.err.find(refusal), std::string::npos) << kept.err;
}

TEST_F(CliImagesTest, OneBadImageIsRefusedOrReported) {
  const std::string folder = path("mixed");
  for (const char* name : {"000.jpg", "001.jpg", "002.jpg"}) {
    std::filesystem::create_directories(folder);
    std::filesystem::copy_file(kCookies + "/train/good/" + name, folder + "/" + name);
  }
  const std::string letter = file("mixed/letter.png", "a letter");
  expect_refusal(run({"predict", model(), folder}), letter + ": is no image that is read here");
  expect_refusal(run({"fit", folder, "-o", path("m2")}), letter + ": is no image that is read here");
  EXPECT_FALSE(std::filesystem::exists(path("m2")));
  const auto kept = run({"predict", model(), folder, "--keep-going"});
  EXPECT_EQ(kept.status, 0);
  EXPECT_EQ(lines(kept.out), 4U) << kept.out;
  EXPECT_NE(kept.err.find(letter), std::string::npos);
}

TEST_F(CliImagesTest, WhatIsWrongIsNamed) {
  expect_refusal(run({"calibrate", model(), "--target-fpr", "0.1"}),
                 model() + ": is a model of images; calibrate takes one of rows");
  expect_refusal(run({"fit", kCookies + "/train/good", kCookies + "/train/good/003.jpg", "-o", path("m2")}),
                 "003.jpg: is the same image as " + kCookies + "/train/good/003.jpg; valid: each image once");
  std::filesystem::create_directories(path("empty"));
  expect_refusal(run({"fit", path("empty"), "-o", path("m2")}), path("empty") + ": has no images");
  expect_refusal(run({"fit", kCookies + "/train/good/000.jpg", "-o", path("m2")}), "is one image");
  expect_refusal(run({"fit", kCookies, "-o", path("m2"), "--target-fpr", "0.01"}), "0.01");
  expect_refusal(run({"fit", kCookies, "-o", path("m2"), "--standardize"}), "--standardize: is an option for tables");
  expect_refusal(run({"fit", kCookies, "-o", path("m2"), "--layers", "b5"}), "has no layer 'b5'");
  expect_refusal(run({"fit", kCookies, "-o", path("m2"), "--backbone", path("none.onnx")}), path("none.onnx"));
  expect_refusal(run({"fit", kCookies, "-o", path("m2"), "--spatial-width", "-1"}), "--spatial-width '-1'");
  expect_refusal(run({"fit", kCookies, "-o", path("m2"), "--odd", "out"}), "--odd: out not in");
  expect_refusal(run({"fit", kCookies, "-o", path("m2"), "--tile", "400"}),
                 "tile is 400; valid for images of 384 x 512: 16 to 384");
  // 31 images can promise 1 of 32, 30 cannot.
  expect_refusal(run({"fit", kCookies, "-o", path("m2"), "--target-fpr", "0.032", "--size", "128", "--components", "16",
                      "--folds", "3"}),
                 "030.jpg: is odd, and without it 30 images are too few for --target-fpr 0.032");
  expect_refusal(run({"predict", model(), path("none.png")}), path("none.png") + ": No such file");
  expect_refusal(run({"predict", model(), kCookies + "/test/good", "--top", "3"}), "--top: is an option for tables");
  expect_refusal(run({"test", model(), kCookies + "/test"}), "has no folder test/good");
  expect_refusal(run({"watch", model(), path("none")}), path("none") + ": is no folder");
  expect_refusal(run({"embed", kCookies}), kCookies + ": has the layout of MVTec AD");
  expect_refusal(run({"embed", kCookies + "/train/good", "-o", path("rows.txt")}), "valid endings");
  expect_refusal(run({"embed", path("none.csv")}), path("none.csv") + ": is no image");
}

#endif

}  // namespace
}  // namespace kernad
