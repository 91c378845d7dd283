// Explanations compared with brute force in long double.
#include "kernad/explanation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernad/error.hpp"
#include "kernad/io.hpp"
#include "kernad/kde_classifier.hpp"
#include "reference/oracle.hpp"
#include "support/clusters.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using oracle::Real;
using oracle::Vector;
using testing::correlated;
using testing::gaussian;

constexpr auto kMethods = {FeatureScalingMethod::scale, FeatureScalingMethod::norm};

KDEClassifier fitted(EmbeddingsView train, std::size_t components, FeatureScalingMethod method) {
  KDEClassifier classifier({.n_pca_components = components, .feature_scaling_method = method});
  EXPECT_TRUE(classifier.fit(train));
  return classifier;
}

Vector to_real(const std::vector<double>& values) { return {values.begin(), values.end()}; }
Real dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), Real{0}); }

/// The tensors of a model in long double, and the formulas of docs/explanation.md as written there.
struct ByTheBook {
  ByTheBook(const KDEClassifier& classifier, std::span<const float> row) {
    const auto dict = classifier.state_dict();
    const auto rows_of = [&](const std::string& name) {
      const auto& tensor = dict.tensors.at(name);
      const auto values = tensor.to_f64();
      oracle::Rows rows;
      for (std::size_t i = 0; i < tensor.shape[0]; ++i) {
        const auto first = values.begin() + static_cast<std::ptrdiff_t>(i * tensor.shape[1]);
        rows.emplace_back(first, first + static_cast<std::ptrdiff_t>(tensor.shape[1]));
      }
      return rows;
    };
    axes = rows_of("pca_model.singular_vectors");
    whitening = rows_of("kde_model.bw_transform");
    references = rows_of("kde_model.dataset");
    mean = to_real(dict.tensors.at("pca_model.mean").to_f64());
    kde_mean = to_real(dict.tensors.at("kde_model.mean").to_f64());

    Vector features(whitening.size());
    for (std::size_t j = 0; j < features.size(); ++j) {
      for (std::size_t d = 0; d < mean.size(); ++d) features[j] += axes[d][j] * (Real{row[d]} - mean[d]);
    }
    const bool norm = classifier.options().feature_scaling_method == FeatureScalingMethod::norm;
    divisor = norm ? std::sqrt(dot(features, features)) : Real{classifier.report().max_length};
    for (Real& x : features) x /= divisor;
    query.assign(whitening[0].size(), 0);
    for (std::size_t j = 0; j < query.size(); ++j) {
      for (std::size_t i = 0; i < features.size(); ++i) query[j] += whitening[i][j] * (features[i] - kde_mean[i]);
    }
    weigh();
  }

  // exp(q.r - |r|^2 / 2) up to a common factor: exact where |q - r|^2 has lost r.
  void weigh() {
    Vector exponents;
    for (const auto& r : references) exponents.push_back(dot(query, r) - dot(r, r) / 2);
    const Real largest = *std::max_element(exponents.begin(), exponents.end());
    Real sum = 0;
    for (const Real x : exponents) sum += std::exp(x - largest);
    deviation = query;
    for (std::size_t i = 0; i < references.size(); ++i) {
      weights.push_back(std::exp(exponents[i] - largest) / sum);
      for (std::size_t j = 0; j < deviation.size(); ++j) deviation[j] -= weights[i] * references[i][j];
    }
    order.resize(references.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return exponents[a] > exponents[b]; });
  }

  [[nodiscard]] Real distance(std::size_t row) const {
    Real sum = 0;
    for (std::size_t j = 0; j < query.size(); ++j) {
      sum += (query[j] - references[row][j]) * (query[j] - references[row][j]);
    }
    return std::sqrt(sum);
  }

  oracle::Rows axes, whitening, references;
  Vector mean, kde_mean, query, weights, deviation;
  std::vector<std::size_t> order;
  Real divisor = 1;
};

/// Whitened queries are off by some (D + k) 2^-53 |q|: distances, deviation and exponents follow.
void expect_neighbours(const Explanation& got, const ByTheBook& want, std::size_t count) {
  ASSERT_EQ(got.neighbours.size(), std::min(count, want.references.size()));
  for (std::size_t i = 0; i < got.neighbours.size(); ++i) {
    const auto& neighbour = got.neighbours[i];
    EXPECT_EQ(neighbour.row, want.order[i]) << i;
    const Real distance = want.distance(neighbour.row);
    EXPECT_NEAR(neighbour.distance, static_cast<double>(distance), static_cast<double>(1e-11L * (1 + distance)));
    EXPECT_NEAR(neighbour.weight, static_cast<double>(want.weights[neighbour.row]), 1e-10);
  }
  const Real deviation = std::sqrt(dot(want.deviation, want.deviation));
  EXPECT_NEAR(got.deviation, static_cast<double>(deviation), static_cast<double>(1e-11L * (1 + deviation)));
}

/// e = W (W^T W)^-1 d by Gauss-Jordan in long double.
Vector unwhiten(const oracle::Rows& whitening, const Vector& deviation) {
  const std::size_t r = deviation.size();
  oracle::Rows system(r, Vector(r + 1));
  for (std::size_t i = 0; i < r; ++i) {
    for (std::size_t j = 0; j < r; ++j) {
      for (const auto& row : whitening) system[i][j] += row[i] * row[j];
    }
    system[i][r] = deviation[i];
  }
  for (std::size_t p = 0; p < r; ++p) {  // positive definite: no pivoting needed
    for (std::size_t j = p + 1; j <= r; ++j) system[p][j] /= system[p][p];
    for (std::size_t i = 0; i < r; ++i) {
      if (i == p) continue;
      for (std::size_t j = p + 1; j <= r; ++j) system[i][j] -= system[i][p] * system[p][j];
    }
  }
  Vector e(whitening.size());
  for (std::size_t i = 0; i < e.size(); ++i) {
    for (std::size_t j = 0; j < r; ++j) e[i] += whitening[i][j] * system[j][r];
  }
  return e;
}

void expect_shares(const Explanation& got, const ByTheBook& want, std::span<const float> row, double tolerance) {
  const Vector residual = unwhiten(want.whitening, want.deviation);
  const Real whole = dot(want.deviation, want.deviation);
  Vector slope;
  for (const auto& w : want.whitening) slope.push_back(dot(w, want.deviation));
  ASSERT_EQ(got.components.size(), residual.size());
  for (std::size_t j = 0; j < residual.size(); ++j) {
    EXPECT_NEAR(got.components[j], static_cast<double>(residual[j] * slope[j] / whole), tolerance) << j;
  }
  EXPECT_NEAR(std::accumulate(got.components.begin(), got.components.end(), 0.0), 1, tolerance);
  ASSERT_EQ(got.columns.size(), row.size());
  double sum = 0;
  for (std::size_t d = 0; d < row.size(); ++d) {
    const Real moved = dot(want.axes[d], residual);
    const auto& column = got.columns[d];
    EXPECT_EQ(column.value, row[d]);
    const Real expected = Real{row[d]} - want.divisor * moved;
    EXPECT_NEAR(column.expected, static_cast<double>(expected),
                tolerance * static_cast<double>(std::abs(expected) + std::abs(Real{row[d]}) + want.divisor));
    EXPECT_NEAR(column.share, static_cast<double>(moved * dot(want.axes[d], slope) / whole), tolerance) << d;
    sum += column.share;
  }
  EXPECT_NEAR(sum, 1, tolerance);
}

void expect_by_the_book(const KDEClassifier& classifier, std::span<const float> row, std::size_t count = 7,
                        double tolerance = 1e-9) {
  const EmbeddingsView view(row.data(), 1, row.size());
  const auto got = classifier.explain(view, count);
  const ByTheBook want(classifier, row);
  EXPECT_EQ(got.log_density, classifier.compute_kde_scores(view, true)[0]);
  EXPECT_EQ(got.probability, classifier.predict(view)[0]);
  expect_neighbours(got, want, count);
  expect_shares(got, want, row, tolerance);
}

TEST(ExplanationTest, IsTheFormulasInBothScalings) {
  const auto train = correlated(150, 9, 0.7, 5, 1);
  const auto queries = correlated(8, 9, 0.7, 5, 2);
  for (const auto method : kMethods) {
    const auto classifier = fitted(train, 5, method);
    for (std::size_t i = 0; i < queries.rows(); ++i) expect_by_the_book(classifier, queries.row(i));
  }
}

TEST(ExplanationTest, TheWeightsOfAllRowsAddUpToOneAndTheNearestComesFirst) {
  const auto train = testing::clustered(3000, 6, 20, 30, 3);  // with a tree, which reorders rows
  const auto classifier = fitted(train, 4, FeatureScalingMethod::scale);
  const auto got = classifier.explain(train.view().middle_rows(17, 1), train.rows() + 1);
  ASSERT_EQ(got.neighbours.size(), train.rows());
  double sum = 0;
  std::vector<bool> seen(train.rows());
  for (std::size_t i = 0; i < train.rows(); ++i) {
    const auto& neighbour = got.neighbours[i];
    sum += neighbour.weight;
    EXPECT_FALSE(seen[neighbour.row]);
    seen[neighbour.row] = true;
    EXPECT_GE(neighbour.distance, got.neighbours[i == 0 ? 0 : i - 1].distance * (1 - 1e-12));
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_EQ(got.neighbours[0].row, 17U);
  EXPECT_TRUE(classifier.explain(train.view().middle_rows(17, 1), 0).neighbours.empty());
}

TEST(ExplanationTest, FarRowsStillHaveOneNearestRow) {
  const auto train = correlated(200, 6, 0.8, 1, 4);
  const auto direction = gaussian(1, 6, 5);
  for (const double far : {1e3, 1e10, 1e30, 1e38}) {
    const auto row = testing::map(direction, [&](double x, auto, auto) { return std::clamp(x, -3.0, 3.0) * far; });
    for (const auto method : kMethods) expect_by_the_book(fitted(train, 4, method), row.row(0));
  }
  const auto classifier = fitted(train, 4, FeatureScalingMethod::scale);
  const auto row = testing::map(direction, [](double x, auto, auto) { return x * 1e30; });
  EXPECT_EQ(classifier.explain(row).neighbours[0].weight, 1);
}

TEST(ExplanationTest, EqualRowsShareTheWeight) {
  const auto train =
      testing::map(gaussian(60, 4, 6), [first = gaussian(60, 4, 6)](double x, std::size_t i, std::size_t j) {
        return i >= 50 ? static_cast<double>(first(3, j)) : x;  // row 3 eleven times
      });
  for (const bool pruning : {true, false}) {
    auto classifier = fitted(train, 3, FeatureScalingMethod::scale);
    classifier.set_pruning(pruning);
    const auto got = classifier.explain(train.view().middle_rows(3, 1), 11);
    EXPECT_EQ(got.neighbours[0].row, 3U);
    for (std::size_t i = 0; i < 11; ++i) {
      EXPECT_EQ(got.neighbours[i].row, i == 0 ? 3U : 49 + i);
      EXPECT_EQ(got.neighbours[i].weight, got.neighbours[0].weight);
    }
    expect_by_the_book(classifier, train.row(7));
  }
}

TEST(ExplanationTest, BlamesTheColumnThatWasChanged) {
  const auto train = gaussian(300, 6, 7);
  const auto classifier = fitted(train, 6, FeatureScalingMethod::scale);
  auto row = Embeddings(1, 6);
  row(0, 4) = 20;
  const auto got = classifier.explain(row);
  EXPECT_GT(got.columns[4].share, 0.8);  // the nearest rows differ from it in the other columns
  EXPECT_LT(got.columns[4].expected, 5);
  EXPECT_LT(got.residual_share, 1e-20);
}

TEST(ExplanationTest, FollowsTheOptionsOfTheDensity) {
  // Columns of very different units, fewer rows than columns, and column 7 constant: only a density that also sees what
  // the components leave out can blame it.
  const auto train = testing::map(gaussian(20, 30, 5), [](double x, auto, std::size_t j) {
    return j == 7 ? 3.0 : x * std::pow(10.0, static_cast<double>(j % 5));
  });
  KDEOptions round;
  round.covariance = Covariance::ledoit_wolf;
  KDEOptions local = round;
  local.local_alpha = 1;
  for (const auto& kde : {round, local}) {
    for (const bool standardize : {false, true}) {
      KDEClassifier classifier({.n_pca_components = ComponentCount::all(), .standardize = standardize, .kde = kde});
      ASSERT_TRUE(classifier.fit(train));
      auto row = train;
      row(4, 7) += standardize ? 1e3F : 1e7F;
      const auto explanation = classifier.explain(row.view().middle_rows(4, 1), 20);
      double weights = 0;
      double columns = 0;
      std::size_t blamed = 0;
      for (const auto& neighbour : explanation.neighbours) weights += neighbour.weight;
      for (std::size_t d = 0; d < 30; ++d) {
        columns += explanation.columns[d].share;
        if (explanation.columns[d].share > explanation.columns[blamed].share) blamed = d;
      }
      EXPECT_NEAR(weights, 1, 1e-12);
      EXPECT_NEAR(columns, 1, 1e-9);
      EXPECT_NEAR(std::accumulate(explanation.components.begin(), explanation.components.end(), 0.0), 1, 1e-9);
      EXPECT_EQ(blamed, 7U);
      EXPECT_NEAR(explanation.columns[7].expected, 3, 1e-3 * static_cast<double>(row(4, 7)));
      EXPECT_LT(explanation.residual_share, 1e-9) << "all of it is seen";
    }
  }
}

TEST(ExplanationTest, TellsWhatTheComponentsLeaveOut) {
  // Two columns vary, the third hardly does and is no component.
  const auto train =
      testing::map(gaussian(200, 3, 8), [](double x, auto, std::size_t j) { return j == 2 ? x * 1e-3 : x; });
  for (const auto method : kMethods) {
    const auto classifier = fitted(train, 2, method);
    const auto row = Embeddings({3, 0, 4}, 1, 3);
    EXPECT_NEAR(classifier.explain(row).residual_share, 16.0 / 25, 0.05) << "the mean is not quite 0";
    expect_by_the_book(classifier, row.row(0));
  }
}

TEST(ExplanationTest, DirectionsThatTheDensityDropsAreUnseen) {
  // All rows lie on a circle's radius in norm mode: of two components one has no variance after scaling.
  const auto train = testing::map(gaussian(100, 3, 9), [](double x, std::size_t i, std::size_t j) {
    const double t = static_cast<double>(i) + 1;
    return j == 0 ? t : j == 1 ? 2 * t : x * 0;
  });
  for (const auto method : kMethods) {
    KDEClassifier classifier({.n_pca_components = 3, .feature_scaling_method = method});
    ASSERT_TRUE(classifier.fit(train));
    const auto row = Embeddings({10, 20, 5}, 1, 3);
    const auto got = classifier.explain(row);
    EXPECT_NEAR(std::accumulate(got.components.begin(), got.components.end(), 0.0), 1, 1e-9);
    EXPECT_GT(got.residual_share, 0);
    EXPECT_LE(got.residual_share, 1);
    EXPECT_NEAR(got.columns[2].share, 0, 1e-12) << "a constant column has no axis";
    expect_by_the_book(classifier, row.row(0));
  }
}

TEST(ExplanationTest, CheckpointsOfTheReferenceAreExplainedAsTheyAre) {
  // float32 axes are orthonormal to about 1e-7, and the shares of the columns add up to 1 to the same accuracy.
  for (const std::string method : {"scale", "norm"}) {
    const std::string base = std::string(KERNAD_TEST_GOLDEN) + "/" + method;
    const auto imported = KDEClassifier::load(base + ".safetensors");
    const auto test = read_table(base + ".npz:test").features;
    for (std::size_t i = 0; i < std::min<std::size_t>(test.rows(), 10); ++i) {
      expect_by_the_book(imported, test.row(i), 5, 3e-6);
    }
  }
}

TEST(ExplanationTest, RowsAtTheMeanAndRowsOfTheTrainingHaveFiniteExplanations) {
  const auto train = testing::map(gaussian(40, 3, 10), [](double x, std::size_t i, auto) { return i < 20 ? x : -x; });
  for (const auto method : kMethods) {
    const auto classifier = fitted(train, 3, method);
    const auto mean = classifier.state_dict().tensors.at("pca_model.mean").to_f64();
    for (const Embeddings& row : {Embeddings(1, 3), Embeddings(std::vector<float>(mean.begin(), mean.end()), 1, 3),
                                  Embeddings(std::vector<float>(train.row(0).begin(), train.row(0).end()), 1, 3)}) {
      const auto got = classifier.explain(row);
      EXPECT_TRUE(std::isfinite(got.deviation));
      for (const auto& column : got.columns) EXPECT_TRUE(std::isfinite(column.share) && std::isfinite(column.expected));
      for (const double share : got.components) EXPECT_TRUE(std::isfinite(share));
    }
  }
}

TEST(ExplanationTest, HasThePValueOfACalibratedModel) {
  const auto train = gaussian(60, 4, 11);
  auto classifier = fitted(train, 3, FeatureScalingMethod::scale);
  const auto row = train.view().middle_rows(5, 1);
  EXPECT_FALSE(classifier.explain(row).p_value);
  classifier.calibrate(train);
  const auto got = classifier.explain(row);
  EXPECT_EQ(got.p_value, classifier.calibration().p_values(std::vector{got.log_density})[0]);
}

TEST(ExplanationTest, RefusesWhatIsNotOneRowOfTheModel) {
  const auto train = gaussian(30, 4, 12);
  const auto classifier = fitted(train, 3, FeatureScalingMethod::scale);
  EXPECT_THROW((void)KDEClassifier().explain(train.view().middle_rows(0, 1)), NotFitted);
  EXPECT_THROW((void)classifier.explain(train), InvalidInput);
  EXPECT_THROW((void)classifier.explain(train.view().middle_rows(0, 0)), InvalidInput);
  EXPECT_THROW((void)classifier.explain(gaussian(1, 5, 1)), InvalidInput);
  auto row = gaussian(1, 4, 1);
  row(0, 2) = NAN;
  EXPECT_THROW((void)classifier.explain(row), InvalidInput);
}

}  // namespace
}  // namespace kernad
