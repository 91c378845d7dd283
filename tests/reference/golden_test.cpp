// Compares with outputs of the reference implementation: a small set that is shipped (made by make_golden.py), and the
// full one where KERNAD_GOLDEN names its folder.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "kernad/gaussian_kde.hpp"
#include "kernad/io.hpp"
#include "kernad/kde_classifier.hpp"

namespace kernad {
namespace {

namespace fs = std::filesystem;

// The reference adds 1e-300 to the density: near that floor, its log-densities are not those of the density.
constexpr double kFloor = -680;

/// A one-dimensional float64 array as it is: read_table would round it to float32. Scores of at most 690 are rounded by
/// 3e-5, compared with a tolerance of 1e-3.
std::vector<double> read_vector(const std::string& source) {
  const auto table = read_table(source);
  return {table.features.values().begin(), table.features.values().end()};
}

/// relative: how far the rounding of a float32 state alone moves a score, compared with the tolerance of 1e-3 for a
/// fit. Computed in float64, the states of the full set score up to 6.5e-6 away from the float64 run that they were
/// rounded from.
void expect_close(const std::vector<double>& scores, const std::vector<double>& expected, double relative,
                  const std::string& what) {
  ASSERT_EQ(scores.size(), expected.size());
  std::size_t compared = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (expected[i] < kFloor) {
      EXPECT_LT(scores[i], kFloor) << what << ", row " << i;
      continue;
    }
    ++compared;
    EXPECT_NEAR(scores[i], expected[i], std::max(1e-3, relative * std::abs(expected[i]))) << what << ", row " << i;
  }
  EXPECT_GT(compared, 0U) << what;
}

KDEClassifier fitted_like(const KDEClassifier& imported, const Embeddings& train) {
  KDEClassifier classifier(imported.options());
  EXPECT_TRUE(classifier.fit(train));
  return classifier;
}

TEST(GoldenTest, ShippedSet) {
  for (const std::string method : {"scale", "norm"}) {
    const std::string base = std::string(KERNAD_TEST_GOLDEN) + "/" + method;
    const auto train = read_table(base + ".npz:train").features;
    const auto test = read_table(base + ".npz:test").features;
    const auto imported = KDEClassifier::load(base + ".safetensors");
    EXPECT_EQ(to_string(imported.options().feature_scaling_method), method);
    expect_close(imported.compute_kde_scores(test, true), read_vector(base + ".npz:scored"), 0, method + ", imported");
    if (method == "scale") {  // the reference's fit in norm mode shifts its points, so a fit cannot be compared
      expect_close(fitted_like(imported, train).compute_kde_scores(test, true),
                   read_vector(base + ".npz:log_likelihood"), 0, method + ", fitted");
    }
  }
}

TEST(GoldenTest, FullSet) {
  const char* folder = std::getenv("KERNAD_GOLDEN");
  if (folder == nullptr) GTEST_SKIP() << "KERNAD_GOLDEN does not name a folder of golden files";
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".safetensors") continue;
    ++files;
    const std::string npz = fs::path(entry.path()).replace_extension(".npz");
    const auto imported = KDEClassifier::load(entry.path());
    const auto test = read_table(npz + ":test").features;
    const auto expected = read_vector(npz + ":log_likelihood_f64");
    expect_close(imported.compute_kde_scores(test, true), expected, 1e-5, npz + ", imported");
    if (imported.options().feature_scaling_method == FeatureScalingMethod::scale) {
      const auto classifier = fitted_like(imported, read_table(npz + ":train").features);
      expect_close(classifier.compute_kde_scores(test, true), expected, 0, npz + ", fitted");
    }
  }
  EXPECT_GT(files, 0U) << folder;
}

/// Made by make_shrinkage.py. Both formulas are a handful of sums of float64: 1e-10 is far above their rounding.
TEST(GoldenTest, ShrinkageIsThatOfScikitLearn) {
  const StateDict golden = read_safetensors(std::string(KERNAD_TEST_GOLDEN) + "/shrinkage.safetensors");
  for (const std::string name : {"tall", "wide", "heavy", "round"}) {
    const Tensor& tensor = golden.tensors.at(name);
    const auto values = tensor.to_f64();
    const Embeddings rows({values.begin(), values.end()}, tensor.shape[0], tensor.shape[1]);
    const auto expected = golden.tensors.at(name + ".expected").to_f64();
    for (const auto& [shape, intensity] :
         {std::pair(Covariance::ledoit_wolf, expected[0]), std::pair(Covariance::oas, expected[1])}) {
      GaussianKDE density({.covariance = shape});
      density.fit(rows);
      EXPECT_NEAR(density.shrinkage(), intensity, 1e-10 * intensity) << name << ", " << to_string(shape);
      // With fewer principal components than columns, and the length of the rest.
      KDEClassifier classifier({.n_pca_components = ComponentCount::all(), .kde = {.covariance = shape}});
      ASSERT_TRUE(classifier.fit(rows));
      EXPECT_NEAR(classifier.report().shrinkage, intensity, 1e-10 * intensity) << name << ", " << to_string(shape);
    }
  }
}

}  // namespace
}  // namespace kernad
