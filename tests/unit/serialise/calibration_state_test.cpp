// Calibration and threshold in a model file, and what is refused in them.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "support/data.hpp"
#include "support/temporary_folder.hpp"

namespace kernad::calibration_state_test {
namespace {

using testing::correlated;

KDEClassifier calibrated() {
  const auto rows = correlated(40, 6, 0.8, 1, 1);
  KDEClassifier classifier({.n_pca_components = 3});
  EXPECT_TRUE(classifier.fit(rows));
  classifier.calibrate(rows, 5);
  classifier.set_target_fpr(0.07);
  return classifier;
}

std::vector<double> honest(const KDEClassifier& classifier) {
  const auto scores = classifier.calibration().log_densities();
  return {scores.begin(), scores.end()};
}

Tensor f64(std::vector<double> values, std::vector<std::size_t> shape) {
  return Tensor::from(std::span<const double>(values), std::move(shape));
}

/// The error of load_state_dict for a calibrated state that `change` has made invalid.
std::string refusal(const std::function<void(StateDict&)>& change) {
  StateDict state = calibrated().state_dict();
  change(state);
  KDEClassifier classifier;
  try {
    classifier.load_state_dict(state);
  } catch (const InvalidInput& error) {
    EXPECT_FALSE(classifier.is_fitted());
    return error.what();
  }
  return "accepted";
}

TEST(CalibrationStateTest, GoesThroughAFileToTheBit) {
  const testing::TemporaryFolder folder;
  auto original = calibrated();
  const auto rows = correlated(25, 6, 0.8, 1, 2);
  std::vector<std::uint8_t> labels(25);
  labels[0] = labels[1] = 1;
  for (const auto& threshold :
       {original.threshold(), Threshold::at_log_density(-1.0 / 3), Threshold::at_probability(0.7),
        Threshold::at_largest_f1(original.compute_kde_scores(rows, true), labels)}) {
    original.set_threshold(threshold);
    original.save(folder.path("m"));
    const auto copy = KDEClassifier::load(folder.path("m"));
    EXPECT_EQ(honest(copy), honest(original));
    EXPECT_EQ(copy.calibration().folds(), 5U);
    EXPECT_EQ(copy.threshold().rule, threshold.rule);
    EXPECT_EQ(copy.threshold().value, threshold.value);
    EXPECT_EQ(copy.threshold().log_density, threshold.log_density);
  }
}

TEST(CalibrationStateTest, EachMayBeThereWithoutTheOther) {
  auto only_scores = calibrated().state_dict();
  only_scores.metadata.erase("threshold_rule");
  only_scores.metadata.erase("threshold_value");
  KDEClassifier classifier;
  classifier.load_state_dict(only_scores);
  EXPECT_TRUE(classifier.is_calibrated() && !classifier.has_threshold());

  auto only_threshold = calibrated().state_dict();
  only_threshold.tensors.erase("calibration.log_densities");
  only_threshold.metadata["threshold_rule"] = "log_density";
  classifier.load_state_dict(only_threshold);
  EXPECT_TRUE(!classifier.is_calibrated() && classifier.has_threshold());

  // The file of an uncalibrated model is the same as before calibration existed.
  KDEClassifier plain({.n_pca_components = 3});
  ASSERT_TRUE(plain.fit(correlated(40, 6, 0.8, 1, 1)));
  const auto state = plain.state_dict();
  EXPECT_FALSE(state.tensors.contains("calibration.log_densities"));
  for (const char* key : {"calibration_folds", "threshold_rule", "threshold_value"}) {
    EXPECT_FALSE(state.metadata.contains(key)) << key;
  }
}

TEST(CalibrationStateTest, NamesMayStandUnderAPrefix) {
  const auto original = calibrated();
  StateDict prefixed;
  prefixed.metadata = original.state_dict().metadata;
  for (const auto& [name, tensor] : original.state_dict().tensors) prefixed.tensors["a.b." + name] = tensor;
  KDEClassifier copy;
  copy.load_state_dict(prefixed);
  EXPECT_EQ(honest(copy), honest(original));
}

TEST(CalibrationStateTest, RefusesForgedTensors) {
  constexpr const char* kName = "calibration.log_densities";
  const auto with = [&](std::vector<double> values, std::vector<std::size_t> shape) {
    return refusal([&](StateDict& s) { s.tensors[kName] = f64(values, shape); });
  };
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(with({1, 2, 3, 2, 4}, {5}), "tensor 'calibration.log_densities' is not sorted; expected: ascending values");
  EXPECT_NE(with({1, 2, 3, 4, infinity}, {5}).find("log-density 4 is inf"), std::string::npos);
  EXPECT_NE(with({-infinity, 2, 3, 4, 5}, {5}).find("log-density 0 is -inf"), std::string::npos);
  EXPECT_NE(with({nan, nan, nan, nan, nan}, {5}).find("log-density 0 is nan"), std::string::npos);
  EXPECT_NE(with({1, 2, nan, 4, 5}, {5}).find("calibration.log_densities"), std::string::npos);
  EXPECT_NE(with({}, {0}).find("has shape [0]"), std::string::npos);
  EXPECT_NE(with({1, 2, 3, 4, 5, 6}, {6, 1}).find("has shape [6, 1]"), std::string::npos);
  EXPECT_NE(with({1, 2, 3, 4, 5}, {5}).find("cannot be promised from 5 calibration rows"), std::string::npos);
  EXPECT_EQ(refusal([&](StateDict& s) { s.tensors.erase(kName); }),
            "tensor 'calibration.log_densities' is missing for 'threshold_rule' target_fpr");
}

TEST(CalibrationStateTest, RefusesForgedMetadata) {
  const auto with = [](const char* key, const char* text) {
    return refusal([&](StateDict& s) { s.metadata[key] = text; });
  };
  for (const char* text : {"1", "41", "-1", "x", "", "5.5"}) {
    EXPECT_TRUE(with("calibration_folds", text).starts_with("metadata 'calibration_folds' is")) << text;
  }
  EXPECT_TRUE(with("threshold_rule", "guess").starts_with("metadata 'threshold_rule' is 'guess'"));
  for (const char* text : {"0", "1", "nan", "inf", "x", "", "0.01"}) {
    EXPECT_TRUE(with("threshold_value", text).starts_with("metadata 'threshold_value'")) << text;
  }
  for (const char* rule : {"log_density", "f1_max", "probability"}) {
    for (const char* text : {"nan", "-inf"}) {
      EXPECT_TRUE(refusal([&](StateDict& s) {
                    s.metadata["threshold_rule"] = rule;
                    s.metadata["threshold_value"] = text;
                  }).starts_with("metadata 'threshold_value'"))
          << rule << text;
    }
  }
  EXPECT_EQ(refusal([](StateDict& s) { s.metadata.erase("threshold_value"); }),
            "metadata 'threshold_value' is missing");
}

}  // namespace
}  // namespace kernad::calibration_state_test
