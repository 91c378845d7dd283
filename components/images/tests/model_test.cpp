// Whole models, on the cookies and the backbone that come with the project; small, so that they take seconds.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "kernad/images.hpp"
#include "kernad/interrupt.hpp"
#include "kernad/state_dict.hpp"

namespace kernad::images {
namespace {

namespace fs = std::filesystem;

const std::string kCookies = KERNAD_TEST_DATA "/cookies";

ImageModelOptions small_options(int threads = 2) {
  ImageModelOptions options;
  options.backbone.size = 128;
  options.components = 16;
  options.folds = 3;
  options.threads = threads;
  return options;
}

std::vector<std::string> some_cookies() {
  auto images = training_images(kCookies);
  images.resize(12);
  return images;
}

const ImageModel& small_model() {
  static const ImageModel model = ImageModel::fit(some_cookies(), small_options());
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

TEST(ImageModelTest, BrokenCookiesAreMoreSurprising) {
  const ImageModel model = ImageModel::fit(training_images(kCookies), {.folds = 3});  // few small images are not enough
  double highest_good = 0;
  for (const char* name : {"/test/good/000.jpg", "/test/good/005.jpg", "/test/good/010.jpg"}) {
    highest_good = std::max(highest_good, model.judge(read_image(kCookies + name)).surprisal);
  }
  for (const char* name : {"/test/cracked/000.jpg", "/test/cracked/010.jpg", "/test/cracked/020.jpg"}) {
    const Verdict verdict = model.judge(read_image(kCookies + name));
    EXPECT_GT(verdict.surprisal, highest_good) << name;
    EXPECT_LE(verdict.hottest.x + verdict.hottest.width, 384U);
    EXPECT_LE(verdict.hottest.y + verdict.hottest.height, 512U);
    EXPECT_EQ(verdict.score >= 0.5, verdict.anomalous);
  }
}

std::vector<double> calibration_of(const ImageModel& model) {
  const auto values = model.calibration().log_densities();
  return {values.begin(), values.end()};
}

// Image 30 of the cookies lies apart from the other 30.
TEST(ImageModelTest, AnOddImageDoesNotRaiseTheThreshold) {
  const auto images = training_images(kCookies);
  ImageModelOptions options = small_options();
  const ImageModel reference = ImageModel::fit(images, options);
  options.odd = OddImages::keep;
  const ImageModel keep = ImageModel::fit(images, options);
  options.odd = OddImages::leave_out;
  const ImageModel leave_out = ImageModel::fit(images, options);
  const ImageModel without = ImageModel::fit(std::span(images).first(30), options);
  ASSERT_EQ(reference.report().odd.size(), 1U);
  EXPECT_EQ(reference.report().odd[0].name, images[30]);
  EXPECT_TRUE(reference.report().odd[0].beyond_gap);
  EXPECT_EQ(reference.report().odd[0].treatment, OddImages::reference);

  auto others = calibration_of(keep);
  EXPECT_DOUBLE_EQ(-others.front(), keep.report().odd[0].surprisal);
  others.erase(others.begin());
  EXPECT_EQ(calibration_of(reference), others);
  const Image image = read_image(kCookies + "/test/cracked/003.jpg");
  EXPECT_EQ(reference.judge(image).surprisal, keep.judge(image).surprisal);
  EXPECT_TRUE(reference.judge(image).anomalous);
  EXPECT_FALSE(keep.judge(image).anomalous);

  ASSERT_EQ(leave_out.report().odd.size(), 1U);
  EXPECT_EQ(leave_out.report().odd[0].treatment, OddImages::leave_out);
  EXPECT_EQ(leave_out.report().images, 30U);
  EXPECT_TRUE(without.report().odd.empty());
  expect_same(leave_out.judge(image), without.judge(image));
  EXPECT_EQ(calibration_of(leave_out), calibration_of(without));

  const auto path = temporary("odd");
  leave_out.save(path.string());
  const auto odd = ImageModel::load(path.string()).report().odd;
  fs::remove(path);
  ASSERT_EQ(odd.size(), 1U);
  EXPECT_EQ(odd[0].name, images[30]);
  EXPECT_EQ(odd[0].surprisal, leave_out.report().odd[0].surprisal);
  EXPECT_EQ(odd[0].treatment, OddImages::leave_out);
  EXPECT_TRUE(odd[0].beyond_gap);
}

TEST(ImageModelTest, AFileHoldsAllOfIt) {
  const auto path = temporary("model");
  small_model().save(path.string());
  const ImageModel loaded = ImageModel::load(path.string());
  fs::remove(path);
  const Image image = read_image(kCookies + "/test/cracked/003.jpg");
  expect_same(loaded.judge(image), small_model().judge(image));
  EXPECT_EQ(loaded.threshold(), small_model().threshold());
  EXPECT_EQ(loaded.report().width, small_model().report().width);
  EXPECT_EQ(loaded.report().layers, (std::vector<std::string>{"b4", "b10"}));
}

TEST(ImageModelTest, ThreadsDoNotChangeABit) {
  const ImageModel one = ImageModel::fit(some_cookies(), small_options(1));
  const Image image = read_image(kCookies + "/test/good/003.jpg");
  expect_same(one.judge(image), small_model().judge(image));
  EXPECT_EQ(one.calibration().log_densities()[0], small_model().calibration().log_densities()[0]);
}

TEST(ImageModelTest, ImagesNeedNotBeFiles) {
  const auto paths = some_cookies();
  std::vector<Image> images;
  ImageSource source;
  for (const auto& path : paths) {
    images.push_back(read_image(path));
    source.names.push_back("image " + std::to_string(images.size()));
  }
  source.read = [&](std::size_t i) { return images[i]; };
  const ImageModel model = ImageModel::fit_from(source, small_options());
  const Image image = read_image(kCookies + "/test/cracked/003.jpg");
  expect_same(model.judge(image), small_model().judge(image));
  EXPECT_EQ(model.nearest(images[4], 5, 7, 1)[0].name, "image 5");
}

TEST(ImageModelTest, ASourceMayFailToReadAnImage) {
  const auto paths = some_cookies();
  ImageSource source = {paths, [&](std::size_t i) {
                          if (i == 3) throw ReadError("the third is gone");
                          return read_image(paths[i]);
                        }};
  EXPECT_EQ(message_of([&] { ImageModel::fit_from(source, small_options()); }), "the third is gone");
  ImageModelOptions options = small_options();
  options.on_unreadable = [](const std::string& /*message*/) {};
  const ImageModel model = ImageModel::fit_from(source, options);
  EXPECT_EQ(model.report().images, 11U);
  EXPECT_EQ(model.nearest(read_image(paths[4]), 5, 7, 1)[0].name, paths[4]);  // the names moved up with the images
}

TEST(ImageModelTest, AFitAsksWhetherToGoOn) {
  struct Enough {};
  const InterruptScope scope([] { throw Enough(); });
  std::size_t images = 0;
  EXPECT_THROW(ImageModel::fit(some_cookies(), small_options(1), [&](std::size_t, std::size_t) { ++images; }), Enough);
  EXPECT_EQ(images, 0U);  // not only where it computes
}

TEST(ImageModelTest, AThresholdMayBeSetWhileOthersJudge) {
  ImageModel model = ImageModel::fit(some_cookies(), small_options());
  const Image image = read_image(kCookies + "/test/cracked/003.jpg");
  std::atomic<bool> done = false;
  std::jthread judge([&] {
    while (!done) {
      const Verdict verdict = model.judge(image);
      EXPECT_EQ(verdict.anomalous, verdict.score >= 0.5);
    }
  });
  for (int i = 0; i < 2000; ++i) model.set_target_fpr(i % 2 == 0 ? 0.1 : 0.9);
  done = true;
}

TEST(ImageModelTest, PromisesNoMoreThanItsImagesAllow) {
  ImageModel model = small_model();
  EXPECT_EQ(model.calibration().size(), 12U);
  EXPECT_DOUBLE_EQ(model.target_fpr(), 1.0 / 13);
  EXPECT_THROW(model.set_target_fpr(0.05), InvalidParameter);
}

TEST(ImageModelTest, NearestPatchesAreOfTheSameImage) {
  const auto images = some_cookies();
  const auto near = small_model().nearest(read_image(images[4]), 5, 7, 3);
  ASSERT_EQ(near.size(), 3U);
  EXPECT_EQ(near[0].name, images[4]);
  EXPECT_EQ(near[0].row, 5U);
  EXPECT_EQ(near[0].col, 7U);
  EXPECT_NEAR(near[0].distance, 0, 1e-4);
  EXPECT_GE(near[0].weight, near[1].weight);
}

TEST(ImageModelTest, MaskedRegionsAreNotLookedAt) {
  Image mask(384, 512, PixelFormat::grey8);
  for (std::size_t y = 0; y < 256; ++y) std::fill_n(mask.row(y), 384, std::byte{255});
  const auto path = temporary("mask.png");
  write_png(path.string(), mask);
  ImageModelOptions options = small_options();
  options.mask = path.string();
  const ImageModel model = ImageModel::fit(some_cookies(), options);
  fs::remove(path);
  const Verdict verdict = model.judge(read_image(kCookies + "/test/cracked/000.jpg"));
  EXPECT_EQ(model.report().masked, 128U);
  for (std::size_t i = 0; i < 128; ++i) EXPECT_EQ(verdict.map.data()[i], static_cast<float>(model.heat_scale().usual));
  // The spline-free map's lower half decides alone: a change in the upper half changes nothing but through the
  // network's own reach, so black above the middle of the mask leaves the hottest box below it.
  EXPECT_GE(verdict.hottest.y, 256U);
}

TEST(ImageModelTest, UnreadableImagesEndTheFitOrAreReported) {
  const auto bad = temporary("bad.png");
  std::ofstream(bad) << "no image";
  auto images = some_cookies();
  images.push_back(bad.string());
  EXPECT_EQ(message_of([&] { ImageModel::fit(images, small_options()); }).rfind(bad.string() + ": ", 0), 0U);
  std::vector<std::string> reported;
  ImageModelOptions options = small_options();
  options.on_unreadable = [&](const std::string& message) { reported.push_back(message); };
  EXPECT_EQ(ImageModel::fit(images, options).report().images, 12U);
  fs::remove(bad);
  ASSERT_EQ(reported.size(), 1U);
  EXPECT_EQ(reported[0].rfind(bad.string() + ": ", 0), 0U);
}

TEST(ImageModelTest, TheSameImageTwiceIsRefusedOrReported) {
  auto images = some_cookies();
  const auto copy = temporary("copy.jpg");
  fs::copy_file(images[3], copy);
  images.push_back(copy.string());
  const std::string expected = copy.string() + ": is the same image as " + images[3];
  EXPECT_EQ(message_of([&] { ImageModel::fit(images, small_options()); }).rfind(expected, 0), 0U);
  std::vector<std::string> reported;
  ImageModelOptions options = small_options();
  options.on_unreadable = [&](const std::string& message) { reported.push_back(message); };
  EXPECT_EQ(ImageModel::fit(images, options).report().images, 12U);
  fs::remove(copy);
  ASSERT_EQ(reported.size(), 1U);
  EXPECT_EQ(reported[0].rfind(expected, 0), 0U);
}

TEST(ImageModelTest, RefusesBackbonesByName) {
  const auto images = some_cookies();
  const auto fit_with = [&](const BackboneOptions& backbone) {
    ImageModelOptions options = small_options();
    options.backbone = backbone;
    return message_of([&] { ImageModel::fit(images, options); });
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

TEST(ImageModelTest, RefusesTooFewImages) {
  const std::vector<std::string> one = {kCookies + "/train/good/000.jpg"};
  EXPECT_NE(message_of([&] { ImageModel::fit(one, small_options()); }).find("is one image"), std::string::npos);
  EXPECT_NE(message_of([&] { ImageModel::fit({}, small_options()); }).find("no images"), std::string::npos);
}

TEST(ImageModelTest, RefusesFilesThatAreNotWhatTheySay) {
  const auto path = temporary("model");
  small_model().save(path.string());
  const StateDict whole = read_safetensors(path.string());
  const auto refusal = [&](const std::function<void(StateDict&)>& damage) {
    StateDict dict = whole;
    damage(dict);
    write_safetensors(path.string(), dict);
    return message_of([&] { static_cast<void>(ImageModel::load(path.string())); });
  };
  for (const auto& [name, tensor] : whole.tensors) {
    EXPECT_NE(refusal([&](StateDict& dict) { dict.tensors.erase(name); }).find(name), std::string::npos) << name;
  }
  EXPECT_NE(
      refusal([](StateDict& dict) { dict.tensors["backbone.network"].bytes[1000] ^= std::byte{1}; }).find("backbone"),
      std::string::npos);
  EXPECT_NE(refusal([](StateDict& dict) { dict.metadata["images"] = "{}"; }).find("description"), std::string::npos);
  EXPECT_NE(refusal([](StateDict& dict) { dict.metadata["kernad_images"] = "9"; }).find("version \"9\""),
            std::string::npos);
  EXPECT_NE(refusal([](StateDict& dict) { dict.metadata.clear(); }).find("something else"), std::string::npos);
  EXPECT_NE(refusal([](StateDict& dict) {
              dict.tensors["references.positions"].bytes[1] = std::byte{255};
            }).find("out of range"),
            std::string::npos);
  fs::remove(path);
}

/// What load says of the model after a change of its description, of tensors or both.
std::string refusal_of(const StateDict& whole, const std::function<void(nlohmann::json&, StateDict&)>& damage) {
  StateDict dict = whole;
  auto json = nlohmann::json::parse(dict.metadata["images"]);
  damage(json, dict);
  dict.metadata["images"] = json.dump();
  const auto path = temporary("hostile");
  write_safetensors(path.string(), dict);
  const std::string message = message_of([&] { static_cast<void>(ImageModel::load(path.string())); });
  fs::remove(path);
  const std::string start = path.string() + ": is no sound model of images: ";
  return message.rfind(start, 0) == 0 ? message.substr(start.size()) : message;
}

StateDict dict_of(const ImageModel& model) {
  const auto path = temporary("whole");
  model.save(path.string());
  StateDict dict = read_safetensors(path.string());
  fs::remove(path);
  return dict;
}

TEST(ImageModelTest, RefusesAModelThatDoesNotFitItsNetwork) {
  const StateDict whole = dict_of(small_model());
  const auto channels = [](std::size_t count) {
    return [count](nlohmann::json&, StateDict& dict) {
      dict.tensors["projection.mean"] = Tensor::from(std::span<const float>(std::vector<float>(count)), {1, count});
      dict.tensors["projection.axes"] =
          Tensor::from(std::span<const float>(std::vector<float>(count * 16, 0.1F)), {count, 16});
    };
  };
  EXPECT_EQ(refusal_of(whole, channels(100)), "projection.mean has 100 values, and its network 152 channels");
  EXPECT_EQ(refusal_of(whole, channels(153)), "projection.mean has 153 values, and its network 152 channels");
  EXPECT_EQ(refusal_of(whole, channels(152)), "nothing was thrown");
  const auto with = [&](const std::string& pointer, const nlohmann::json& value) {
    return refusal_of(whole,
                      [&](nlohmann::json& json, StateDict&) { json[nlohmann::json::json_pointer(pointer)] = value; });
  };
  EXPECT_EQ(with("/grid", {17, 16}), "its grid is 17 x 16, and its network's 16 x 16");
  EXPECT_EQ(with("/backbone/size", 160), "its grid is 16 x 16, and its network's 20 x 20");
  EXPECT_EQ(with("/backbone/layers", {"b4"}), "projection.mean has 152 values, and its network 40 channels");
  EXPECT_EQ(with("/backbone/layers", {"b5"}), "efficientnet-lite0.onnx: has no layer 'b5'; its outputs: b4, b10");
  EXPECT_EQ(with("/backbone/layers", nlohmann::json::array()), "its backbone has no layers");
}

TEST(ImageModelTest, RefusesValuesThatNoFitGives) {
  const StateDict whole = dict_of(small_model());
  const auto with = [&](const std::string& pointer, const nlohmann::json& value) {
    return refusal_of(whole,
                      [&](nlohmann::json& json, StateDict&) { json[nlohmann::json::json_pointer(pointer)] = value; });
  };
  for (const auto& size : nlohmann::json({0, 8, -1, 1e300, 12.5, 5000, "256"})) {
    EXPECT_EQ(with("/backbone/size", size), "its backbone's size is " + size.dump() + "; valid: 16 to 4096");
  }
  for (const auto& rows : nlohmann::json({0, -1, 1e300, 4097})) {
    EXPECT_EQ(with("/grid/0", rows), "its grid's rows is " + rows.dump() + "; valid: 1 to 4096");
  }
  EXPECT_EQ(with("/backbone/std/1", 0), "its backbone's std has other than 3 numbers above 0");
  EXPECT_EQ(with("/backbone/std", {1, 1}), "its backbone's std has other than 3 numbers above 0");
  EXPECT_EQ(with("/backbone/mean", {1, 1}), "its backbone's mean has other than 3 numbers");
  EXPECT_EQ(with("/backbone/name", "a\nb"), "its backbone's name has control characters");
  EXPECT_EQ(with("/heat_scale", {2, 1}), "its heat_scale falls, or is beyond 1e37");
  EXPECT_EQ(with("/heat_scale", {1, 1e300}), "its heat_scale falls, or is beyond 1e37");
  EXPECT_EQ(with("/width", "wide"), "its description is incomplete or of another form");
  EXPECT_EQ(with("/bandwidth", -1), "its kernel has no width");
  EXPECT_NE(with("/bandwidth", 1e-300), "nothing was thrown");
  EXPECT_NE(with("/width", 1e-300), "nothing was thrown");
  EXPECT_EQ(with("/folds", 0), "its folds is 0; valid: 2 to 12");
  EXPECT_EQ(with("/tile", {{"side", 16}, {"patches", 16}, {"image", {1000000000000, 64}}}),
            "its tile's width is 1000000000000; valid: 1 to 16777216");
  EXPECT_EQ(with("/explained_variance", 7), "its explained_variance is no share");
  EXPECT_EQ(refusal_of(whole,
                       [](nlohmann::json&, StateDict& dict) {
                         const std::vector<double> scores(13, -1.0);
                         dict.tensors["calibration.log_densities"] =
                             Tensor::from(std::span<const double>(scores), {13});
                       }),
            "its calibration has more values than it has images");
}

TEST(ImageModelTest, ADeeplyNestedDescriptionIsRefused) {
  StateDict dict = dict_of(small_model());
  const std::size_t depth = 1'000'000;
  const auto json = nlohmann::json::parse(dict.metadata["images"]);
  std::string text = json.dump();
  text.insert(1, "\"odd\":" + std::string(depth, '[') + std::string(depth, ']') + ",");
  dict.metadata["images"] = text;
  const auto path = temporary("nested");
  write_safetensors(path.string(), dict);
  EXPECT_NE(message_of([&] { static_cast<void>(ImageModel::load(path.string())); }).find("is no sound model of images"),
            std::string::npos);
  fs::remove(path);
}

TEST(OverlayTest, UsualPatchesLeaveTheImageAsItIs) {
  const Image image = read_image(kCookies + "/test/good/000.jpg");
  Embeddings map(2, 2);
  for (std::size_t i = 0; i < 4; ++i) map.data()[i] = 10;
  const Image cold = overlay(image, map, {10, 20});
  EXPECT_TRUE(std::equal(cold.row(0), cold.row(0) + 3 * 384, image.row(0)));
  for (std::size_t i = 0; i < 4; ++i) map.data()[i] = 40;
  const Image same = overlay(image, map, {1e300, 1e300});  // far below what is usual, and no range
  EXPECT_TRUE(std::equal(same.row(0), same.row(0) + 3 * 384, image.row(0)));
  const Image hot = overlay(image, map, {10, 20});
  EXPECT_FALSE(std::equal(hot.row(0), hot.row(0) + 3 * 384, image.row(0)));
}

}  // namespace
}  // namespace kernad::images
