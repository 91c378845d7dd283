// The fitted state as tensors and as a file, and what is refused in either.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <string>

#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using testing::correlated;

KDEClassifier make(FeatureScalingMethod method = FeatureScalingMethod::scale) {
  KDEClassifier classifier(
      {.n_pca_components = 5, .feature_scaling_method = method, .max_training_points = 90, .seed = 3});
  EXPECT_TRUE(classifier.fit(correlated(100, 12, 0.8, 1, 1)));
  return classifier;
}

/// The error of load_state_dict for a state that `change` has made invalid.
std::string refusal(const std::function<void(StateDict&)>& change) {
  StateDict state = make().state_dict();
  change(state);
  KDEClassifier classifier({.n_pca_components = 3});
  try {
    classifier.load_state_dict(state);
  } catch (const InvalidInput& error) {
    EXPECT_FALSE(classifier.is_fitted());
    EXPECT_EQ(classifier.options().n_pca_components, ComponentCount(3)) << "a refused state must change nothing";
    return error.what();
  }
  return "accepted";
}

Tensor f64(std::vector<double> values, std::vector<std::size_t> shape) {
  return Tensor::from(std::span<const double>(values), std::move(shape));
}

TEST(ModelTest, StateDictGoesBothWaysToTheBit) {
  for (const auto method : {FeatureScalingMethod::scale, FeatureScalingMethod::norm}) {
    const auto original = make(method);
    KDEClassifier copy;
    copy.load_state_dict(original.state_dict());
    const auto queries = correlated(30, 12, 0.9, 1, 2);
    EXPECT_EQ(copy.compute_kde_scores(queries, true), original.compute_kde_scores(queries, true));
    EXPECT_EQ(copy.options().n_pca_components, original.options().n_pca_components);
    EXPECT_EQ(copy.options().feature_scaling_method, method);
    EXPECT_EQ(copy.options().max_training_points, 90U);
    EXPECT_EQ(copy.options().seed, 3U);
    EXPECT_EQ(copy.report().rows_seen, 100U);
    EXPECT_EQ(copy.report().rows_used, 90U);
    EXPECT_EQ(copy.report().rank, 12U);
    EXPECT_EQ(copy.report().explained_variance, original.report().explained_variance);
    EXPECT_EQ(copy.report().bandwidth_factor, original.report().bandwidth_factor);
    EXPECT_EQ(copy.report().notes, original.report().notes);
  }
}

TEST(ModelTest, StateHasTheReferencesNamesAndShapes) {
  const auto state = make().state_dict();
  const auto shape = [&](const char* name) { return state.tensors.at(name).shape; };
  using Shape = std::vector<std::size_t>;
  EXPECT_EQ(shape("pca_model.singular_vectors"), (Shape{12, 5}));
  EXPECT_EQ(shape("pca_model.mean"), (Shape{12}));
  EXPECT_EQ(shape("pca_model.num_components"), (Shape{1}));
  EXPECT_EQ(shape("kde_model.bw_transform"), (Shape{5, 5}));
  EXPECT_EQ(shape("kde_model.dataset"), (Shape{90, 5}));
  EXPECT_EQ(shape("kde_model.norm"), (Shape{1}));
  EXPECT_EQ(shape("max_length"), (Shape{1}));
  EXPECT_NEAR(std::log(state.tensors.at("kde_model.norm").to_f64()[0]),
              state.tensors.at("kde_model.log_norm").to_f64()[0], 1e-12);
}

TEST(ModelTest, NamesMayStandUnderAPrefixBesideOthers) {
  const auto original = make();
  StateDict prefixed;
  prefixed.metadata = original.state_dict().metadata;
  for (const auto& [name, tensor] : original.state_dict().tensors) {
    prefixed.tensors["model.classifier." + name] = tensor;
  }
  prefixed.tensors["model.feature_extractor.weight"] = f64({1, 2}, {2});
  KDEClassifier copy;
  copy.load_state_dict(prefixed);
  const auto queries = correlated(5, 12, 0.9, 1, 2);
  EXPECT_EQ(copy.predict(queries), original.predict(queries));
}

TEST(ModelTest, SavedAndLoadedScoresAreTheSameBits) {
  const auto path = std::filesystem::temp_directory_path() / "kernad_model_test.safetensors";
  const auto original = make(FeatureScalingMethod::norm);
  original.save(path);
  const auto queries = correlated(30, 12, 0.9, 1, 2);
  EXPECT_EQ(KDEClassifier::load(path).compute_kde_scores(queries, true), original.compute_kde_scores(queries, true));

  std::ofstream(path, std::ios::binary) << "not a model";
  try {
    (void)KDEClassifier::load(path);
    FAIL();
  } catch (const ReadError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with(path.string())) << error.what();
  }
  std::filesystem::remove(path);
  EXPECT_THROW((void)KDEClassifier::load(path), ReadError);
  EXPECT_THROW(KDEClassifier().save(path), NotFitted);
  EXPECT_THROW(original.save("/nonexistent/folder/model.safetensors"), WriteError);
}

TEST(ModelTest, WhatTheFileDoesNotTellComesFromTheOptions) {
  auto state = make(FeatureScalingMethod::norm).state_dict();
  state.metadata.clear();
  for (const char* ours : {"kde_model.mean", "pca_model.singular_values", "pca_model.explained_variance_ratio"}) {
    state.tensors.erase(ours);
  }
  KDEClassifier classifier({.feature_scaling_method = FeatureScalingMethod::norm});
  classifier.load_state_dict(state);
  EXPECT_EQ(classifier.options().feature_scaling_method, FeatureScalingMethod::norm);
  EXPECT_EQ(classifier.options().n_pca_components, ComponentCount(5));
  ASSERT_EQ(classifier.report().notes.size(), 1U);
  EXPECT_EQ(classifier.report().notes[0].code, NoteCode::scaling_assumed);
  EXPECT_NE(classifier.report().notes[0].text.find("'norm' is assumed"), std::string::npos);
}

TEST(ModelTest, ANormOutsideFloat32IsTakenFromTheTransform) {
  // The reference's product over- or underflows; the diagonal it is the product of does not.
  const auto original = make();
  const auto queries = correlated(5, 12, 0.9, 1, 2);
  const auto expected = original.compute_kde_scores(queries, true);
  for (const double norm : {0.0, std::numeric_limits<double>::infinity()}) {
    auto state = original.state_dict();
    state.tensors.erase("kde_model.log_norm");
    state.tensors["kde_model.norm"] = f64({norm}, {1});
    KDEClassifier copy;
    copy.load_state_dict(state);
    const auto scores = copy.compute_kde_scores(queries, true);
    // In scale mode after PCA the covariance is diagonal up to rounding, and so is its root.
    for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], expected[i], 1e-9);
  }
}

TEST(ModelTest, RefusesMissingTensors) {
  EXPECT_EQ(refusal([](StateDict& s) { s.tensors.clear(); }),
            "no tensor named 'pca_model.singular_vectors', bare or under a prefix: this is no KDE classifier");
  for (const char* name : {"pca_model.mean", "kde_model.bw_transform", "kde_model.dataset", "max_length"}) {
    EXPECT_EQ(refusal([&](StateDict& s) { s.tensors.erase(name); }), "tensor '" + std::string(name) + "' is missing");
  }
  EXPECT_NE(refusal([](StateDict& s) {
              s.tensors["b.pca_model.singular_vectors"] = s.tensors["pca_model.singular_vectors"];
            }).find("two classifiers"),
            std::string::npos);
}

TEST(ModelTest, RefusesWrongShapes) {
  const auto expect_shape_error = [](const char* name, std::vector<std::size_t> shape) {
    std::size_t size = 1;
    for (const auto n : shape) size *= n;
    const auto message = refusal([&](StateDict& s) { s.tensors[name] = f64(std::vector<double>(size, 1.0), shape); });
    EXPECT_TRUE(message.starts_with("tensor '" + std::string(name) + "' has shape")) << message;
  };
  expect_shape_error("pca_model.singular_vectors", {60});
  expect_shape_error("pca_model.singular_vectors", {0, 5});
  expect_shape_error("pca_model.mean", {11});
  expect_shape_error("kde_model.bw_transform", {5, 4});
  expect_shape_error("kde_model.bw_transform", {4, 5});
  expect_shape_error("kde_model.dataset", {0, 5});
  expect_shape_error("kde_model.mean", {6});
  expect_shape_error("max_length", {2});
  expect_shape_error("kde_model.log_norm", {2});
}

TEST(ModelTest, RefusesBadValues) {
  const double nan = std::nan("");
  for (const char* name : {"pca_model.singular_vectors", "pca_model.mean", "kde_model.bw_transform",
                           "kde_model.dataset", "kde_model.mean", "kde_model.log_norm", "max_length"}) {
    for (const double bad : {nan, std::numeric_limits<double>::infinity()}) {
      const auto message = refusal([&](StateDict& s) {
        auto values = s.tensors[name].to_f64();
        values.back() = bad;
        s.tensors[name] = f64(values, s.tensors[name].shape);
      });
      EXPECT_TRUE(message.starts_with("tensor '" + std::string(name) + "' has the value")) << message;
    }
  }
  EXPECT_EQ(refusal([](StateDict& s) { s.tensors["max_length"] = f64({0}, {1}); }),
            "tensor 'max_length' is 0; expected: above 0");
  EXPECT_NE(refusal([](StateDict& s) {
              s.tensors["kde_model.dataset"] = f64(std::vector<double>(450, 1e39), {90, 5});
            }).find("within float32"),
            std::string::npos);
  EXPECT_NE(refusal([](StateDict& s) {
              s.tensors["kde_model.bw_transform"] = f64(std::vector<double>(25, 1e200), {5, 5});
            }).find("beyond double"),
            std::string::npos);
  EXPECT_NE(refusal([](StateDict& s) { s.tensors["pca_model.num_components"] = f64({4}, {1}); }).find("expected: 5"),
            std::string::npos);
}

TEST(ModelTest, RefusesStatesThatNoFitCouldGive) {
  const auto with = [](const char* name, double value) {
    return refusal([&](StateDict& s) {
      const auto shape = s.tensors[name].shape;
      s.tensors[name] = f64(std::vector<double>(s.tensors[name].size(), value), shape);
    });
  };
  EXPECT_NE(with("pca_model.singular_vectors", 0).find("column 0 is all zeros"), std::string::npos);
  EXPECT_NE(with("kde_model.bw_transform", 0).find("is singular"), std::string::npos);
  EXPECT_NE(with("kde_model.bw_transform", -5).find("is singular"), std::string::npos);
  EXPECT_NE(with("kde_model.log_norm", 1e38).find("the density's constant is 1e+38"), std::string::npos);
  EXPECT_NE(with("kde_model.norm", std::nan("")).find("'kde_model.norm' is nan"), std::string::npos);
  EXPECT_NE(with("kde_model.norm", -1).find("'kde_model.norm' is -1"), std::string::npos);
  EXPECT_NE(with("pca_model.singular_values", -1).find("negative"), std::string::npos);
  EXPECT_NE(with("pca_model.explained_variance_ratio", 2).find("outside 0 to 1"), std::string::npos);
}

TEST(ModelTest, RefusesBadMetadata) {
  const auto with = [](const char* key, const char* text) {
    return refusal([&](StateDict& s) { s.metadata[key] = text; });
  };
  EXPECT_EQ(with("format_version", "7"),
            "format_version 7 is not known to this version of kernad, which reads up to 6; a newer kernad is needed");
  EXPECT_EQ(with("format_version", "one"), "metadata 'format_version' is 'one'; valid: a whole number");
  EXPECT_EQ(with("feature_scaling_method", "max"), "metadata 'feature_scaling_method' is 'max'; valid: norm, scale");
  for (const char* key :
       {"n_pca_components", "max_training_points", "seed", "standardize", "covariance", "local_alpha", "auto"}) {
    for (const char* text : {"", "-1", "x", "16 ", "99999999999999999999999"}) {
      EXPECT_TRUE(with(key, text).starts_with("metadata '" + std::string(key) + "' is")) << key << text;
    }
  }
  EXPECT_TRUE(with("bandwidth", "-1").starts_with("metadata 'bandwidth' is '-1'"));
  EXPECT_TRUE(with("fit_report", "{").starts_with("metadata 'fit_report' cannot be read"));
  EXPECT_TRUE(with("fit_report", "[1]").starts_with("metadata 'fit_report' cannot be read"));
}

}  // namespace
}  // namespace kernad
