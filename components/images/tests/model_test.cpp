// Whole models, on the cookies and the backbone that come with the project; small, so that they take seconds.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "kernad/images.hpp"
#include "kernad/interrupt.hpp"
#include "kernad/state_dict.hpp"

namespace kernad::images {
namespace {

namespace fs = std::filesystem;

const std::string kCookies = KERNAD_TEST_DATA "/cookies";

PictureModelOptions small_options(int threads = 2) {
  PictureModelOptions options;
  options.backbone.size = 128;
  options.components = 16;
  options.folds = 3;
  options.threads = threads;
  return options;
}

std::vector<std::string> some_cookies() {
  auto pictures = training_pictures(kCookies);
  pictures.resize(12);
  return pictures;
}

const PictureModel& small_model() {
  static const PictureModel model = PictureModel::fit(some_cookies(), small_options());
  return model;
}

fs::path temporary(const std::string& name) { return fs::temp_directory_path() / (std::to_string(::getpid()) + name); }

void expect_same(const Verdict& a, const Verdict& b) {
  EXPECT_EQ(a.surprisal, b.surprisal);
  EXPECT_EQ(a.p_value, b.p_value);
  ASSERT_EQ(a.map.rows(), b.map.rows());
  for (std::size_t i = 0; i < a.map.rows() * a.map.cols(); ++i) ASSERT_EQ(a.map.data()[i], b.map.data()[i]);
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(PictureModelTest, BrokenCookiesAreMoreSurprising) {
  const PictureModel model =
      PictureModel::fit(training_pictures(kCookies), {.folds = 3});  // few small pictures are not enough
  double highest_good = 0;
  for (const char* name : {"/test/good/000.jpg", "/test/good/005.jpg", "/test/good/010.jpg"}) {
    highest_good = std::max(highest_good, model.judge(read_picture(kCookies + name)).surprisal);
  }
  for (const char* name : {"/test/cracked/000.jpg", "/test/cracked/010.jpg", "/test/cracked/020.jpg"}) {
    const Verdict verdict = model.judge(read_picture(kCookies + name));
    EXPECT_GT(verdict.surprisal, highest_good) << name;
    EXPECT_LE(verdict.hottest.x + verdict.hottest.width, 384U);
    EXPECT_LE(verdict.hottest.y + verdict.hottest.height, 512U);
    EXPECT_EQ(verdict.score >= 0.5, verdict.anomalous);
  }
}

std::vector<double> calibration_of(const PictureModel& model) {
  const auto values = model.calibration().log_densities();
  return {values.begin(), values.end()};
}

// Picture 30 of the cookies lies apart from the other 30.
TEST(PictureModelTest, AnOddPictureDoesNotRaiseTheThreshold) {
  const auto pictures = training_pictures(kCookies);
  PictureModelOptions options = small_options();
  const PictureModel reference = PictureModel::fit(pictures, options);
  options.odd = OddPictures::keep;
  const PictureModel keep = PictureModel::fit(pictures, options);
  options.odd = OddPictures::leave_out;
  const PictureModel leave_out = PictureModel::fit(pictures, options);
  const PictureModel without = PictureModel::fit(std::span(pictures).first(30), options);
  ASSERT_EQ(reference.report().odd.size(), 1U);
  EXPECT_EQ(reference.report().odd[0].name, pictures[30]);
  EXPECT_TRUE(reference.report().odd[0].beyond_gap);
  EXPECT_EQ(reference.report().odd[0].treatment, OddPictures::reference);

  auto others = calibration_of(keep);
  EXPECT_DOUBLE_EQ(-others.front(), keep.report().odd[0].surprisal);
  others.erase(others.begin());
  EXPECT_EQ(calibration_of(reference), others);
  const Picture picture = read_picture(kCookies + "/test/cracked/003.jpg");
  EXPECT_EQ(reference.judge(picture).surprisal, keep.judge(picture).surprisal);
  EXPECT_TRUE(reference.judge(picture).anomalous);
  EXPECT_FALSE(keep.judge(picture).anomalous);

  ASSERT_EQ(leave_out.report().odd.size(), 1U);
  EXPECT_EQ(leave_out.report().odd[0].treatment, OddPictures::leave_out);
  EXPECT_EQ(leave_out.report().pictures, 30U);
  EXPECT_TRUE(without.report().odd.empty());
  expect_same(leave_out.judge(picture), without.judge(picture));
  EXPECT_EQ(calibration_of(leave_out), calibration_of(without));

  const auto path = temporary("odd");
  leave_out.save(path.string());
  const auto odd = PictureModel::load(path.string()).report().odd;
  fs::remove(path);
  ASSERT_EQ(odd.size(), 1U);
  EXPECT_EQ(odd[0].name, pictures[30]);
  EXPECT_EQ(odd[0].surprisal, leave_out.report().odd[0].surprisal);
  EXPECT_EQ(odd[0].treatment, OddPictures::leave_out);
  EXPECT_TRUE(odd[0].beyond_gap);
}

TEST(PictureModelTest, AFileHoldsAllOfIt) {
  const auto path = temporary("model");
  small_model().save(path.string());
  const PictureModel loaded = PictureModel::load(path.string());
  fs::remove(path);
  const Picture picture = read_picture(kCookies + "/test/cracked/003.jpg");
  expect_same(loaded.judge(picture), small_model().judge(picture));
  EXPECT_EQ(loaded.threshold(), small_model().threshold());
  EXPECT_EQ(loaded.report().width, small_model().report().width);
  EXPECT_EQ(loaded.report().layers, (std::vector<std::string>{"b4", "b10"}));
}

TEST(PictureModelTest, ThreadsDoNotChangeABit) {
  const PictureModel one = PictureModel::fit(some_cookies(), small_options(1));
  const Picture picture = read_picture(kCookies + "/test/good/003.jpg");
  expect_same(one.judge(picture), small_model().judge(picture));
  EXPECT_EQ(one.calibration().log_densities()[0], small_model().calibration().log_densities()[0]);
}

TEST(PictureModelTest, PicturesNeedNotBeFiles) {
  const auto paths = some_cookies();
  std::vector<Picture> pictures;
  PictureSource source;
  for (const auto& path : paths) {
    pictures.push_back(read_picture(path));
    source.names.push_back("picture " + std::to_string(pictures.size()));
  }
  source.read = [&](std::size_t i) { return pictures[i]; };
  const PictureModel model = PictureModel::fit_from(source, small_options());
  const Picture picture = read_picture(kCookies + "/test/cracked/003.jpg");
  expect_same(model.judge(picture), small_model().judge(picture));
  EXPECT_EQ(model.nearest(pictures[4], 5, 7, 1)[0].name, "picture 5");
}

TEST(PictureModelTest, ASourceMayFailToReadAPicture) {
  const auto paths = some_cookies();
  PictureSource source = {paths, [&](std::size_t i) {
                            if (i == 3) throw ReadError("the third is gone");
                            return read_picture(paths[i]);
                          }};
  EXPECT_EQ(message_of([&] { PictureModel::fit_from(source, small_options()); }), "the third is gone");
  PictureModelOptions options = small_options();
  options.on_unreadable = [](const std::string& /*message*/) {};
  const PictureModel model = PictureModel::fit_from(source, options);
  EXPECT_EQ(model.report().pictures, 11U);
  EXPECT_EQ(model.nearest(read_picture(paths[4]), 5, 7, 1)[0].name, paths[4]);  // the names moved up with the pictures
}

TEST(PictureModelTest, AFitAsksWhetherToGoOn) {
  struct Enough {};
  const InterruptScope scope([] { throw Enough(); });
  std::size_t pictures = 0;
  EXPECT_THROW(PictureModel::fit(some_cookies(), small_options(1), [&](std::size_t, std::size_t) { ++pictures; }),
               Enough);
  EXPECT_EQ(pictures, 0U);  // not only where it computes
}

TEST(PictureModelTest, AThresholdMayBeSetWhileOthersJudge) {
  PictureModel model = PictureModel::fit(some_cookies(), small_options());
  const Picture picture = read_picture(kCookies + "/test/cracked/003.jpg");
  std::atomic<bool> done = false;
  std::jthread judge([&] {
    while (!done) {
      const Verdict verdict = model.judge(picture);
      EXPECT_EQ(verdict.anomalous, verdict.score >= 0.5);
    }
  });
  for (int i = 0; i < 2000; ++i) model.set_target_fpr(i % 2 == 0 ? 0.1 : 0.9);
  done = true;
}

TEST(PictureModelTest, PromisesNoMoreThanItsPicturesAllow) {
  PictureModel model = small_model();
  EXPECT_EQ(model.calibration().size(), 12U);
  EXPECT_DOUBLE_EQ(model.target_fpr(), 1.0 / 13);
  EXPECT_THROW(model.set_target_fpr(0.05), InvalidParameter);
}

TEST(PictureModelTest, NearestPatchesAreOfTheSamePicture) {
  const auto pictures = some_cookies();
  const auto near = small_model().nearest(read_picture(pictures[4]), 5, 7, 3);
  ASSERT_EQ(near.size(), 3U);
  EXPECT_EQ(near[0].name, pictures[4]);
  EXPECT_EQ(near[0].row, 5U);
  EXPECT_EQ(near[0].col, 7U);
  EXPECT_NEAR(near[0].distance, 0, 1e-4);
  EXPECT_GE(near[0].weight, near[1].weight);
}

TEST(PictureModelTest, MaskedRegionsAreNotLookedAt) {
  Picture mask(384, 512, PixelFormat::grey8);
  for (std::size_t y = 0; y < 256; ++y) std::fill_n(mask.row(y), 384, std::byte{255});
  const auto path = temporary("mask.png");
  write_png(path.string(), mask);
  PictureModelOptions options = small_options();
  options.mask = path.string();
  const PictureModel model = PictureModel::fit(some_cookies(), options);
  fs::remove(path);
  const Verdict verdict = model.judge(read_picture(kCookies + "/test/cracked/000.jpg"));
  EXPECT_EQ(model.report().masked, 128U);
  for (std::size_t i = 0; i < 128; ++i) EXPECT_EQ(verdict.map.data()[i], static_cast<float>(model.heat_scale().usual));
  // The spline-free map's lower half decides alone: a change in the upper half changes nothing but through the
  // network's own reach, so black above the middle of the mask leaves the hottest box below it.
  EXPECT_GE(verdict.hottest.y, 256U);
}

TEST(PictureModelTest, UnreadablePicturesEndTheFitOrAreReported) {
  const auto bad = temporary("bad.png");
  std::ofstream(bad) << "no picture";
  auto pictures = some_cookies();
  pictures.push_back(bad.string());
  EXPECT_EQ(message_of([&] { PictureModel::fit(pictures, small_options()); }).rfind(bad.string() + ": ", 0), 0U);
  std::vector<std::string> reported;
  PictureModelOptions options = small_options();
  options.on_unreadable = [&](const std::string& message) { reported.push_back(message); };
  EXPECT_EQ(PictureModel::fit(pictures, options).report().pictures, 12U);
  fs::remove(bad);
  ASSERT_EQ(reported.size(), 1U);
  EXPECT_EQ(reported[0].rfind(bad.string() + ": ", 0), 0U);
}

TEST(PictureModelTest, RefusesBackbonesByName) {
  const auto pictures = some_cookies();
  const auto fit_with = [&](const BackboneOptions& backbone) {
    PictureModelOptions options = small_options();
    options.backbone = backbone;
    return message_of([&] { PictureModel::fit(pictures, options); });
  };
  const auto text = temporary("letter.onnx");
  std::ofstream(text) << "this is a letter, not a network";
  EXPECT_EQ(
      fit_with({.path = text.string()}).rfind(text.filename().string() + ": is no network that OpenVINO reads", 0), 0U);
  fs::remove(text);
  EXPECT_EQ(fit_with({.path = "/no/such.onnx"}), "/no/such.onnx: No such file or directory");
  EXPECT_EQ(fit_with({.path = "", .layers = {"b5"}}),
            "efficientnet-lite0.onnx: has no layer 'b5'; its outputs: b4, b10");
  EXPECT_EQ(fit_with({.path = "", .size = 8}), "efficientnet-lite0.onnx: size is 8; valid: 16 to 4096");
  EXPECT_NE(fit_with({.path = "", .mean = {0.5}}).find("mean of the backbone"), std::string::npos);
}

TEST(PictureModelTest, RefusesTooFewPictures) {
  const std::vector<std::string> one = {kCookies + "/train/good/000.jpg"};
  EXPECT_NE(message_of([&] { PictureModel::fit(one, small_options()); }).find("is one picture"), std::string::npos);
  EXPECT_NE(message_of([&] { PictureModel::fit({}, small_options()); }).find("no pictures"), std::string::npos);
}

TEST(PictureModelTest, RefusesFilesThatAreNotWhatTheySay) {
  const auto path = temporary("model");
  small_model().save(path.string());
  const StateDict whole = read_safetensors(path.string());
  const auto refusal = [&](const std::function<void(StateDict&)>& damage) {
    StateDict dict = whole;
    damage(dict);
    write_safetensors(path.string(), dict);
    return message_of([&] { static_cast<void>(PictureModel::load(path.string())); });
  };
  for (const auto& [name, tensor] : whole.tensors) {
    EXPECT_NE(refusal([&](StateDict& dict) { dict.tensors.erase(name); }).find(name), std::string::npos) << name;
  }
  EXPECT_NE(
      refusal([](StateDict& dict) { dict.tensors["backbone.network"].bytes[1000] ^= std::byte{1}; }).find("backbone"),
      std::string::npos);
  EXPECT_NE(refusal([](StateDict& dict) { dict.metadata["pictures"] = "{}"; }).find("description"), std::string::npos);
  EXPECT_NE(refusal([](StateDict& dict) { dict.metadata["kernad_pictures"] = "9"; }).find("version 9"),
            std::string::npos);
  EXPECT_NE(refusal([](StateDict& dict) { dict.metadata.clear(); }).find("something else"), std::string::npos);
  EXPECT_NE(refusal([](StateDict& dict) {
              dict.tensors["references.positions"].bytes[1] = std::byte{255};
            }).find("out of range"),
            std::string::npos);
  fs::remove(path);
}

TEST(OverlayTest, UsualPatchesLeaveThePictureAsItIs) {
  const Picture picture = read_picture(kCookies + "/test/good/000.jpg");
  Embeddings map(2, 2);
  for (std::size_t i = 0; i < 4; ++i) map.data()[i] = 10;
  const Picture cold = overlay(picture, map, {10, 20});
  EXPECT_TRUE(std::equal(cold.row(0), cold.row(0) + 3 * 384, picture.row(0)));
  for (std::size_t i = 0; i < 4; ++i) map.data()[i] = 40;
  const Picture hot = overlay(picture, map, {10, 20});
  EXPECT_FALSE(std::equal(hot.row(0), hot.row(0) + 3 * 384, picture.row(0)));
}

}  // namespace
}  // namespace kernad::images
