// A fit of a sketch has the bits of the fit of all its rows.
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "kernad/sampling.hpp"
#include "kernad/sketch.hpp"
#include "kernad/to_embeddings.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

struct Case {
  const char* name;
  KDEClassifierOptions options;
  double offset = 0;  // beyond float32, if not 0
};

class SketchFit : public ::testing::TestWithParam<Case> {};

Matrix<double> rows_of(const Case& some) {
  const auto rows = testing::gaussian(700, 6, 5);
  Matrix<double> result(700, 6);
  for (std::size_t i = 0; i < 700; ++i) {
    for (std::size_t j = 0; j < 6; ++j) result(i, j) = rows(i, j) + (j == 2 ? some.offset : 0);
  }
  return result;
}

std::vector<std::string> row_names() {
  std::vector<std::string> names(700);
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = "part " + std::to_string(i);
  return names;
}

/// Of parts that were merged backwards.
Sketch sketch_of(const Matrix<double>& rows, const KDEClassifierOptions& options) {
  const auto names = row_names();
  const SketchOptions wanted = {options.max_training_points, options.seed, options.all_rows};
  Sketch whole(rows.cols(), wanted);
  for (std::size_t end = rows.rows(); end > 0; end -= 100) {
    Sketch part(rows.cols(), wanted);
    part.add(rows.view().middle_rows(end - 100, 100), end - 100, {.names = std::span(names).subspan(end - 100, 100)});
    whole.merge(part);
  }
  return whole;
}

TEST_P(SketchFit, HasTheBitsOfTheFitOfAllRows) {
  const Case& some = GetParam();
  const auto rows = rows_of(some);
  KDEClassifier whole(some.options);
  ASSERT_TRUE(whole.fit(rows));
  const auto held_out = whole.calibrate(rows, 5);
  whole.remember_rows(rows, row_names());

  const Sketch sketch = sketch_of(rows, some.options);
  KDEClassifier gathered(some.options);
  ASSERT_TRUE(gathered.fit(sketch));
  EXPECT_EQ(gathered.calibrate(sketch, 5), held_out);
  gathered.remember_rows(sketch);

  EXPECT_EQ(gathered.row_names(), whole.row_names());
  EXPECT_EQ(to_safetensors(gathered.state_dict()), to_safetensors(whole.state_dict()));
}

INSTANTIATE_TEST_SUITE_P(
    Options, SketchFit,
    ::testing::Values(
        Case{"all_rows", {.n_pca_components = 4}},
        Case{"sampled", {.n_pca_components = 4, .max_training_points = 300, .seed = 9}},
        Case{"moments", {.n_pca_components = 4, .max_training_points = 300, .all_rows = true}},
        Case{"standardized_moments",
             {.n_pca_components = ComponentCount::all(),
              .max_training_points = 300,
              .standardize = true,
              .all_rows = true}},
        Case{"moments_of_doubles", {.n_pca_components = 4, .max_training_points = 300, .all_rows = true}, 1.7e9},
        Case{"automatic", {.max_training_points = 300, .automatic = true}},
        Case{"doubles", {.n_pca_components = 4, .max_training_points = 300}, 1.7e9}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(SketchFitTest, ComponentsAndScalesAreThoseOfAllRows) {
  const auto rows = testing::correlated(5000, 6, 0.7, 3, 5);
  const auto fitted = [&](std::size_t most, bool all_rows) {
    KDEClassifier classifier(
        {.n_pca_components = 3, .max_training_points = most, .standardize = true, .all_rows = all_rows});
    EXPECT_TRUE(classifier.fit(rows));
    return classifier.state_dict();
  };
  const auto whole = fitted(5000, false);
  const auto sampled = fitted(200, true);
  for (const char* name : {"pca_model.mean", "pca_model.singular_vectors"}) {
    const auto expected = whole.tensors.at(name).to_f64();
    const auto found = sampled.tensors.at(name).to_f64();
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-9) << name << " " << i;
  }
  // Of as many rows as are kept, so that what divides by their number stays right.
  EXPECT_NEAR(sampled.tensors.at("pca_model.singular_values").to_f64()[0],
              whole.tensors.at("pca_model.singular_values").to_f64()[0] * std::sqrt(200.0 / 5000), 1e-6);
}

TEST(SketchFitTest, AllRowsChangesNothingWithoutASample) {
  const auto rows = testing::gaussian(300, 6, 5);
  const auto tensors = [&](bool all_rows) {
    KDEClassifier classifier({.n_pca_components = 3, .all_rows = all_rows});
    EXPECT_TRUE(classifier.fit(rows));
    classifier.calibrate(rows, 5);
    auto state = classifier.state_dict();
    state.metadata.clear();
    return to_safetensors(state);
  };
  EXPECT_EQ(tensors(true), tensors(false));
}

TEST(SketchFitTest, ARowsHeldOutScoreDoesNotDependOnTheRow) {
  // Without this the moments of a fold would contain the rows that it scores.
  auto rows = testing::gaussian(400, 4, 5);
  const KDEClassifierOptions options = {.n_pca_components = 4, .max_training_points = 200, .all_rows = true};
  const std::vector<std::size_t> sample = sample_rows(400, 200, 0);
  KDEClassifier before(options);
  ASSERT_TRUE(before.fit(rows));
  const auto scores = before.calibrate(rows, 2);
  const auto fold_of = [&](std::size_t changed) {  // by which scores do not change
    auto other = rows;
    for (std::size_t j = 0; j < 4; ++j) other(sample[changed], j) += 3;
    KDEClassifier after(options);
    EXPECT_TRUE(after.fit(other));
    const auto found = after.calibrate(other, 2);
    std::size_t same = 0;
    for (std::size_t i = 0; i < 200; ++i) same += i != changed && found[i] == scores[i] ? 1 : 0;
    return same;
  };
  EXPECT_EQ(fold_of(0), 99);
  EXPECT_EQ(fold_of(17), 99);
}

TEST(SketchFitTest, AllRowsRefusesWhatItCannotDo) {
  const auto rows = testing::gaussian(300, 3, 5);
  KDEClassifier classifier({.n_pca_components = 2, .max_training_points = 50, .all_rows = true});
  const std::vector<double> weights(300, 1);
  EXPECT_THROW((void)classifier.fit(rows, weights), InvalidParameter);
  Sketch without(3, {.max_training_points = 50});
  without.add(rows, 0);
  EXPECT_THROW((void)classifier.fit(without), InvalidParameter);
  EXPECT_THROW(KDEClassifier({.all_rows = true, .automatic = true}), InvalidParameter);
  // A sketch may know more than is asked for.
  Sketch with(3, {.max_training_points = 50, .all_rows = true});
  with.add(rows, 0);
  KDEClassifier plain({.n_pca_components = 2, .max_training_points = 50});
  ASSERT_TRUE(plain.fit(with));
  KDEClassifier usual({.n_pca_components = 2, .max_training_points = 50});
  ASSERT_TRUE(usual.fit(without));
  EXPECT_EQ(to_safetensors(plain.state_dict()), to_safetensors(usual.state_dict()));
}

TEST(SketchFitTest, OtherSamplesAndGapsAreRefused) {
  const auto rows = testing::gaussian(100, 3, 5);
  Sketch sketch(3, {.max_training_points = 50});
  sketch.add(rows, 0);
  KDEClassifier other({.n_pca_components = 2});
  EXPECT_THROW((void)other.fit(sketch), InvalidParameter);
  KDEClassifier classifier({.n_pca_components = 2, .max_training_points = 50});
  EXPECT_TRUE(classifier.fit(sketch));
  sketch.add(rows, 200);
  EXPECT_THROW((void)classifier.fit(sketch), InvalidInput);
  EXPECT_TRUE(classifier.is_fitted()) << "what was fitted before stays";
}

}  // namespace
}  // namespace kernad
