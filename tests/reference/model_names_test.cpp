// Damaged names in a model file, and the names of a module of kernad.torch.
#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "support/data.hpp"

namespace kernad::model_names_test {
namespace {

namespace fs = std::filesystem;

std::vector<StateDict> states() {
  std::vector<StateDict> result;
  for (const auto& entry : fs::directory_iterator(KERNAD_TEST_MODELS)) {
    if (entry.path().extension() == ".safetensors") {
      result.push_back(KDEClassifier::load(entry.path().string()).state_dict());
    }
  }
  EXPECT_GE(result.size(), 13U);
  return result;
}

std::string refusal(const StateDict& state) {
  KDEClassifier classifier;
  try {
    classifier.load_state_dict(state);
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "accepted";
}

/// Every entry in turn under each of the names that a flipped bit makes of its own.
template <typename Part>
void expect_refused(const StateDict& state, Part StateDict::*part) {
  for (const auto& [name, value] : state.*part) {
    for (std::size_t i = 0; i < name.size(); ++i) {
      StateDict damaged = state;
      auto entry = (damaged.*part).extract(name);
      entry.key()[i] = static_cast<char>(entry.key()[i] ^ 1);
      (damaged.*part).insert(std::move(entry));
      EXPECT_NE(refusal(damaged), "accepted") << name << " at " << i;
    }
  }
}

TEST(ModelNamesTest, AFlippedBitInANameIsNoticed) {
  for (const StateDict& state : states()) {
    expect_refused(state, &StateDict::metadata);
    expect_refused(state, &StateDict::tensors);
  }
  StateDict state = states().front();
  state.metadata["format_versiom"] = state.metadata["format_version"];
  EXPECT_EQ(refusal(state), "metadata 'format_versiom' is unknown; 'format_version' is meant, and the file damaged");
}

TEST(ModelNamesTest, NamesOfOthersPass) {
  for (StateDict state : states()) {
    state.metadata["author"] = "someone";
    state.tensors["calibration.notes"] = Tensor::from(std::vector<double>{1}, {1});
    EXPECT_EQ(refusal(state), "accepted");
  }
}

Tensor bytes(std::string_view text) {
  Tensor tensor{DType::u8, {text.size()}, {}};
  const auto given = std::as_bytes(std::span(text));
  tensor.bytes.assign(given.begin(), given.end());
  return tensor;
}

/// What kernad.torch's state dict has of a model: its metadata and calibration as buffers.
StateDict of_torch(const KDEClassifier& classifier, const std::string& prefix) {
  const StateDict state = classifier.state_dict();
  StateDict result;
  for (const auto& [name, tensor] : state.tensors) {
    result.tensors[prefix + (name == "calibration.log_densities" ? "calibration_log_densities" : name)] = tensor;
  }
  result.tensors[prefix + "metadata"] = bytes(
      R"({"format": "kernad", "format_version": "6", "n_pca_components": "3", "feature_scaling_method": "scale", )"
      R"("threshold_rule": "target_fpr", "threshold_value": "0.1", "calibration_folds": "5"})");
  return result;
}

TEST(ModelNamesTest, AModulesStateIsWhole) {
  const auto rows = testing::correlated(40, 6, 0.8, 1, 1);
  KDEClassifier classifier({.n_pca_components = 3});
  EXPECT_TRUE(classifier.fit(rows));
  classifier.calibrate(rows, 5);
  classifier.set_target_fpr(0.1);
  for (const std::string prefix : {"", "model.classifier."}) {
    StateDict state = of_torch(classifier, prefix);
    KDEClassifier loaded;
    loaded.load_state_dict(state);
    EXPECT_EQ(loaded.threshold().log_density, classifier.threshold().log_density);
    EXPECT_EQ(loaded.threshold().rule, ThresholdRule::target_fpr);
    EXPECT_EQ(loaded.calibration().folds(), 5U);
    EXPECT_EQ(loaded.compute_kde_scores(rows, true), classifier.compute_kde_scores(rows, true));
    for (const std::string_view text : {"", "3", "{\"seed\": 0}", "{\"seed\": \"0\""}) {
      state.tensors[prefix + "metadata"] = bytes(text);
      EXPECT_EQ(refusal(state),
                "tensor '" + prefix + "metadata' is not a module's; expected: U8, a JSON object of texts");
    }
  }
}

}  // namespace
}  // namespace kernad::model_names_test
