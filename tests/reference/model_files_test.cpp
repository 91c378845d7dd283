// Model files that earlier versions wrote, in models/: each loads, scores as it did then, and is written back
// unchanged. NAME_vVERSION.csv holds what `kernad predict` printed for query.csv with NAME_vVERSION.safetensors. A
// change of format adds new files; these stay.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "kernad/io.hpp"
#include "kernad/kde_classifier.hpp"

namespace kernad {
namespace {

const std::filesystem::path kModels = KERNAD_TEST_MODELS;

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kModels)) {
    if (entry.path().extension() == ".safetensors") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string path_of(const std::string& name, const char* ending) { return (kModels / (name + ending)).string(); }

class ModelFiles : public ::testing::TestWithParam<std::string> {};

TEST_P(ModelFiles, ScoresAsItDid) {
  const auto model = KDEClassifier::load(path_of(GetParam(), ".safetensors"));
  const auto queries = read_table((kModels / "query.csv").string()).features;
  const auto table = read_table(path_of(GetParam(), ".csv"));
  const auto scores = model.compute_kde_scores(queries, true);
  const auto column = [&](const char* name) {
    const auto found = std::find(table.column_names.begin(), table.column_names.end(), name);
    return static_cast<std::size_t>(found - table.column_names.begin());
  };
  ASSERT_EQ(table.features.rows(), queries.rows());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    // Both sides are within the bounds of docs/numerics.md of the exact value; the file's text was read as float32.
    const double then = table.features(i, column("log_density"));
    const double promise = std::max(1e-4, 1e-6 * std::abs(then));
    EXPECT_NEAR(scores[i], then, 2 * promise + std::abs(then) * 0x1p-24) << "row " << i;
  }
  if (model.is_calibrated()) {
    const auto p_values = model.calibration().p_values(scores);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      EXPECT_NEAR(p_values[i], table.features(i, column("p_value")), 0x1p-24) << "row " << i;
    }
  }
  ASSERT_EQ(model.has_threshold(), column("label") < table.column_names.size());
  if (model.has_threshold()) {
    const auto labels = model.threshold().labels(scores);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      EXPECT_EQ(labels[i], table.features(i, column("label"))) << "row " << i;
    }
  }
}

TEST_P(ModelFiles, IsWrittenBackAsItWas) {
  const std::string path = path_of(GetParam(), ".safetensors");
  const StateDict then = read_safetensors(path);
  const StateDict now = KDEClassifier::load(path).state_dict();
  EXPECT_EQ(now.metadata, then.metadata);
  ASSERT_EQ(now.tensors.size(), then.tensors.size());
  for (const auto& [name, tensor] : then.tensors) {
    ASSERT_TRUE(now.tensors.contains(name)) << name;
    EXPECT_EQ(now.tensors.find(name)->second.shape, tensor.shape) << name;
    EXPECT_EQ(now.tensors.find(name)->second.bytes, tensor.bytes) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, ModelFiles, ::testing::ValuesIn(model_names()),
                         [](const auto& model) { return model.param; });

TEST(ModelFilesTest, EveryVersionOfTheFormatHasAFile) {
  const auto names = model_names();
  for (const char* version : {"_v1", "_v2", "_v3", "_v5", "_v6"}) {
    EXPECT_TRUE(std::any_of(names.begin(), names.end(), [&](const auto& name) { return name.ends_with(version); }))
        << version;
  }
}

}  // namespace
}  // namespace kernad
