// A fit of a sketch has the bits of the fit of all its rows.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
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
  const SketchOptions wanted = {options.max_training_points, options.seed};
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

INSTANTIATE_TEST_SUITE_P(Options, SketchFit,
                         ::testing::Values(Case{"all_rows", {.n_pca_components = 4}},
                                           Case{"sampled",
                                                {.n_pca_components = 4, .max_training_points = 300, .seed = 9}},
                                           Case{"automatic", {.max_training_points = 300, .automatic = true}},
                                           Case{"doubles", {.n_pca_components = 4, .max_training_points = 300}, 1.7e9}),
                         [](const auto& param) { return std::string(param.param.name); });

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
