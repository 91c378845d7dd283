// Bandwidth by rule, covariance and standardised columns against the formulas in long double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <span>
#include <string>
#include <vector>

#include "kde/bandwidth.hpp"
#include "kernad/error.hpp"
#include "kernad/gaussian_kde.hpp"
#include "kernad/kde_classifier.hpp"
#include "reference/book.hpp"
#include "reference/oracle.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using oracle::Real;
using testing::correlated;
using testing::gaussian;
using namespace book;

// ---- options ----

TEST(EstimationTest, OptionsAsText) {
  for (const char* text : {"scott", "silverman", "loo", "loo*2", "loo*0.5", "0.5"})
    EXPECT_EQ(to_string(bandwidth(text)), text);
  EXPECT_EQ(bandwidth("2"), Bandwidth(2));
  EXPECT_EQ(bandwidth("loo*1"), Bandwidth::loo());
  for (const char* text : {"full", "ledoit-wolf", "oas", "isotropic"}) EXPECT_EQ(to_string(covariance(text)), text);
  for (const char* text :
       {"", "Scott", "0.5x", "-1", "0", "nan", "inf", "loo*", "loo2", "loo*0", "loo*2x", "loo*inf"}) {
    EXPECT_THROW((void)bandwidth(text), InvalidParameter) << text;
  }
  EXPECT_THROW((void)covariance("ledoit_wolf"), InvalidParameter);
  for (const double alpha : {-0.1, 4.1, std::nan("")}) {
    EXPECT_THROW(GaussianKDE({.local_alpha = alpha}), InvalidParameter) << alpha;
    EXPECT_THROW(KDEClassifier({.kde = {.local_alpha = alpha}}), InvalidParameter) << alpha;
  }
}

TEST(EstimationTest, FactorsByRule) {
  // Silverman for N = 100, k = 2 by hand: (100 * 4 / 4)^(-1/6).
  EXPECT_NEAR(kde::silverman_factor(100, 2), std::pow(100.0, -1.0 / 6), 1e-15);
  const auto rows = correlated(50, 3, 0.7, 1, 1);
  const auto factor = [&](const Bandwidth& bandwidth) {
    GaussianKDE density({.bandwidth = bandwidth});
    density.fit(rows);
    return density.bandwidth_factor();
  };
  EXPECT_DOUBLE_EQ(factor(Bandwidth::scott()), std::pow(50.0, -1.0 / 7));
  EXPECT_DOUBLE_EQ(factor(Bandwidth::silverman()), std::pow(50 * 5 / 4.0, -1.0 / 7));
  EXPECT_DOUBLE_EQ(factor(0.25), 0.25);
}

// ---- covariance ----

TEST(EstimationTest, ShrunkDensityMatchesTheFormula) {
  const auto rows = correlated(40, 6, 0.6, 2, 3);
  const auto exact = oracle::to_rows(rows);
  const auto queries = queries_around(rows);
  for (const auto shape : {Covariance::full, Covariance::ledoit_wolf, Covariance::oas, Covariance::isotropic}) {
    GaussianKDE density({.bandwidth = 0.6, .covariance = shape});
    density.fit(rows);
    SCOPED_TRACE(to_string(shape));
    if (shape == Covariance::ledoit_wolf || shape == Covariance::oas) {
      EXPECT_GT(density.shrinkage(), 0.001);
      EXPECT_LT(density.shrinkage(), 0.9);
    }
    const Book book(exact, shrunk_covariance(exact, density.shrinkage()), 0.6L);
    expect_like_the_book(density.log_density(queries), book, queries);
  }
}

TEST(EstimationTest, ShrinkageKeepsDirectionsWithoutVariance) {
  // Two rows a column: a plane of three dimensions. Shrunk, the third has variance and counts.
  const Embeddings rows =
      testing::map(gaussian(30, 3, 5), [](double x, auto, std::size_t j) { return j == 2 ? 1 : x; });
  GaussianKDE full;
  full.fit(rows);
  EXPECT_EQ(full.rank(), 2U);
  GaussianKDE shrunk({.covariance = Covariance::ledoit_wolf});
  shrunk.fit(rows);
  EXPECT_EQ(shrunk.rank(), 3U);
  const Embeddings off({0, 0, 1, 0, 0, 4}, 2, 3);
  EXPECT_EQ(full.log_density(off)[0], full.log_density(off)[1]);
  EXPECT_GT(shrunk.log_density(off)[0], shrunk.log_density(off)[1] + 1);
}

/// More columns than rows: the classifier's residual column must give the density over all columns.
TEST(EstimationTest, FullRankWithFewerRowsThanColumns) {
  const auto rows = correlated(9, 14, 0.8, 1, 6);
  const auto exact = oracle::to_rows(rows);
  const auto queries = queries_around(correlated(12, 14, 0.9, 1, 7));
  for (const auto shape : {Covariance::ledoit_wolf, Covariance::oas, Covariance::isotropic}) {
    SCOPED_TRACE(to_string(shape));
    KDEClassifier classifier({.n_pca_components = ComponentCount::all(), .kde = {.covariance = shape}});
    ASSERT_TRUE(classifier.fit(rows));
    const auto& report = classifier.report();
    EXPECT_EQ(report.components, 8U);
    EXPECT_EQ(report.kde_rank, 14U) << "every column counts";
    EXPECT_DOUBLE_EQ(report.bandwidth_factor, std::pow(9.0, -1.0 / 18));
    // Features are divided by max_length: densities are of a space as much smaller.
    const Book book(exact, shrunk_covariance(exact, report.shrinkage), report.bandwidth_factor);
    const auto scores = classifier.compute_kde_scores(queries, true);
    const auto query_rows = oracle::to_rows(queries);
    for (std::size_t i = 0; i < query_rows.size(); ++i) {
      const Real expected = book.log_density(query_rows[i]) + 14 * std::log(static_cast<Real>(report.max_length));
      EXPECT_NEAR(scores[i], static_cast<double>(expected), static_cast<double>(oracle::allowed_error(expected)));
    }
  }
}

TEST(EstimationTest, ResidualSurvivesScalingByNorm) {
  const auto rows = correlated(9, 14, 0.8, 1, 6);
  KDEClassifier classifier({.n_pca_components = ComponentCount::all(),
                            .feature_scaling_method = FeatureScalingMethod::norm,
                            .kde = {.covariance = Covariance::ledoit_wolf}});
  ASSERT_TRUE(classifier.fit(rows));
  const auto own = classifier.compute_kde_scores(rows, true);
  const auto others = classifier.compute_kde_scores(correlated(9, 14, 0.8, 1, 60), true);
  for (std::size_t i = 0; i < own.size(); ++i) EXPECT_GT(own[i], others[i] + 1);
}

TEST(EstimationTest, AllIsTheRank) {
  const auto rows = correlated(40, 6, 0.6, 2, 3);
  KDEClassifier all({.n_pca_components = ComponentCount::all()});
  KDEClassifier six({.n_pca_components = 6});
  ASSERT_TRUE(all.fit(rows) && six.fit(rows));
  EXPECT_EQ(all.report().components, 6U);
  EXPECT_TRUE(all.report().notes.empty());
  EXPECT_EQ(all.compute_kde_scores(rows, true), six.compute_kde_scores(rows, true));
  EXPECT_TRUE(ComponentCount::all().is_all());
  EXPECT_FALSE(ComponentCount(0.5).is_all());
  EXPECT_FALSE(ComponentCount::all().is_share());
}

// ---- standardised columns ----

TEST(EstimationTest, StandardisingIsFittingOnStandardisedRows) {
  for (const std::size_t count : {std::size_t{40}, std::size_t{6}}) {  // by covariance and by Gram matrix
    const auto rows = testing::map(correlated(count, 8, 0.9, 1, 8), [](double x, auto, std::size_t j) {
      return j == 3 ? 7 : std::ldexp(x, 4 * static_cast<int>(j));
    });
    const auto exact = oracle::to_rows(rows);
    const auto mean = oracle::column_means(exact);
    const auto spread = oracle::covariance(exact);
    const auto standardised = testing::map(rows, [&](double x, auto, std::size_t j) {
      const Real deviation = std::sqrt(spread[j][j] * (count - 1) / count);
      return static_cast<double>(deviation == 0 ? x - mean[j] : (x - mean[j]) / deviation);
    });
    const std::size_t components = std::min<std::size_t>(5, count - 1);
    KDEClassifier asked({.n_pca_components = components, .standardize = true});
    KDEClassifier done({.n_pca_components = components});
    ASSERT_TRUE(asked.fit(rows) && done.fit(standardised));
    const auto scores = asked.compute_kde_scores(rows, true);
    const auto expected = done.compute_kde_scores(standardised, true);
    // The standardised rows are rounded to float32, which moves a score by up to some 1e-5.
    for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], expected[i], 1e-4);
  }
}

// ---- what holds for all ----

std::vector<KDEClassifierOptions> many_options() {
  const auto all = ComponentCount::all();
  return {{.n_pca_components = 4, .kde = {.bandwidth = Bandwidth::loo()}},
          {.n_pca_components = all, .kde = {.bandwidth = Bandwidth::loo(), .covariance = Covariance::ledoit_wolf}},
          {.n_pca_components = all, .standardize = true, .kde = {.covariance = Covariance::isotropic}},
          {.n_pca_components = all,
           .standardize = true,
           .kde = {.bandwidth = Bandwidth::loo(), .covariance = Covariance::isotropic, .local_alpha = 0.5}},
          {.n_pca_components = 0.8, .kde = {.bandwidth = 0.7, .covariance = Covariance::oas, .local_alpha = 1}}};
}

TEST(EstimationTest, AModelComesBackAsItWas) {
  const auto rows = correlated(20, 30, 0.9, 1, 13);
  const auto queries = queries_around(rows);
  for (const auto& options : many_options()) {
    KDEClassifier classifier(options);
    ASSERT_TRUE(classifier.fit(rows));
    const auto state = classifier.state_dict();
    KDEClassifier loaded;
    loaded.load_state_dict(state);
    EXPECT_EQ(loaded.compute_kde_scores(queries, true), classifier.compute_kde_scores(queries, true));
    EXPECT_EQ(loaded.options().kde, options.kde);
    EXPECT_EQ(loaded.options().standardize, options.standardize);
    EXPECT_EQ(loaded.options().n_pca_components, options.n_pca_components);
    EXPECT_EQ(loaded.report().kde_rank, classifier.report().kde_rank);
    EXPECT_EQ(loaded.report().bandwidth_factor, classifier.report().bandwidth_factor);
    EXPECT_EQ(loaded.report().shrinkage, classifier.report().shrinkage);
    EXPECT_EQ(std::isnan(loaded.report().loo_log_likelihood), options.kde.bandwidth.rule() != Bandwidth::Rule::loo);
    EXPECT_EQ(to_safetensors(loaded.state_dict()), to_safetensors(state));
  }
}

TEST(EstimationTest, AnOlderReaderIsToldWhatItCannotScore) {
  const auto rows = correlated(20, 30, 0.9, 1, 13);
  const auto version = [&](const KDEClassifierOptions& options) {
    KDEClassifier classifier(options);
    EXPECT_TRUE(classifier.fit(rows));
    return classifier.state_dict().metadata.at("format_version");
  };
  EXPECT_EQ(version({.n_pca_components = 4}), "1");
  EXPECT_EQ(version({.n_pca_components = 4, .standardize = true, .kde = {.bandwidth = Bandwidth::loo()}}), "1");
  EXPECT_EQ(version({.n_pca_components = 4, .kde = {.local_alpha = 1}}), "2");
  EXPECT_EQ(version({.n_pca_components = ComponentCount::all(), .kde = {.covariance = Covariance::oas}}), "2");
}

TEST(EstimationTest, StatesThatNoFitCouldGiveAreRefused) {
  const auto refusal = [](const std::string& name, const std::function<void(std::vector<double>&)>& change) {
    KDEClassifier classifier({.n_pca_components = ComponentCount::all(),
                              .standardize = true,
                              .kde = {.covariance = Covariance::isotropic, .local_alpha = 1}});
    EXPECT_TRUE(classifier.fit(correlated(20, 30, 0.9, 1, 13)));
    StateDict state = classifier.state_dict();
    Tensor& tensor = state.tensors.at(name);
    auto values = tensor.to_f64();
    change(values);
    tensor = Tensor::from(std::span<const double>(values), tensor.shape);
    try {
      KDEClassifier().load_state_dict(state);
    } catch (const InvalidInput& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const auto first = [](double value) { return [value](std::vector<double>& values) { values.front() = value; }; };
  EXPECT_NE(refusal("pca_model.column_scale", first(0)).find("not above 1e-39"), std::string::npos);
  EXPECT_NE(refusal("pca_model.column_scale", first(1e-300)).find("not above 1e-39"), std::string::npos);
  EXPECT_NE(refusal("kde_model.local_factors", first(0)).find("out of range"), std::string::npos);
  EXPECT_NE(refusal("kde_model.log_norm", first(0)).find("constant"), std::string::npos);
  // The whitening is 20 x 20, its last row and column the residual's.
  const auto mixed_in = [](std::vector<double>& values) { values[values.size() - 2] = 1; };
  EXPECT_NE(refusal("kde_model.bw_transform", mixed_in).find("mixes the residual"), std::string::npos);
  const auto mixed_out = [](std::vector<double>& values) { values[19] = 1; };
  EXPECT_NE(refusal("kde_model.bw_transform", mixed_out).find("into the residual"), std::string::npos);
}

TEST(EstimationTest, ThreadsDoNotChangeABit) {
  const auto rows = correlated(150, 12, 0.9, 1, 14);
  for (const auto& options : many_options()) {
    std::vector<std::byte> first;
    for (const int threads : {1, 3}) {
      KDEClassifier classifier(options);
      classifier.set_threads(threads);
      ASSERT_TRUE(classifier.fit(rows));
      const auto bytes = to_safetensors(classifier.state_dict());
      if (threads == 1) first = bytes;
      EXPECT_EQ(bytes, first);
    }
  }
}

TEST(EstimationTest, FarQueriesAreFiniteAndOrdered) {
  const auto rows = correlated(20, 30, 0.9, 1, 13);
  for (const auto& options : many_options()) {
    KDEClassifier classifier(options);
    ASSERT_TRUE(classifier.fit(rows));
    double before = std::numeric_limits<double>::infinity();
    for (const double far : {1.0, 1e3, 1e10, 1e30, 3e38}) {
      const auto query =
          testing::map(gaussian(1, 30, 15), [&](double x, auto, auto) { return std::clamp(x * far, -3.4e38, 3.4e38); });
      const double score = classifier.compute_kde_scores(query, true)[0];
      EXPECT_TRUE(std::isfinite(score)) << far;
      EXPECT_LT(score, before) << far;
      before = score;
    }
  }
}

TEST(EstimationTest, IdenticalRowsAreRefused) {
  const Embeddings rows({1, 2, 1, 2, 1, 2}, 3, 2);
  for (const auto shape : {Covariance::full, Covariance::ledoit_wolf, Covariance::isotropic}) {
    EXPECT_THROW(GaussianKDE({.bandwidth = Bandwidth::loo(), .covariance = shape}).fit(rows), InvalidInput);
  }
}

}  // namespace
}  // namespace kernad
