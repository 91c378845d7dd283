// The promise of a target rate, by simulation: over 1,000 draws of a training set of n rows, the share of new normal
// rows that are called anomalous is at most the rate, to within Monte-Carlo error.
//
// That error is known exactly for n exchangeable scores. With m = floor(a (n + 1)) steps, the share F of all new rows
// that a threshold calls anomalous is distributed as Beta(m, n + 1 - m): mean e = m / (n + 1), variance e (1 - e) / (n
// + 2). Among T new rows a share G is seen, with F as its probability: var(G) = var(F) + (e - e^2 - var(F)) / T. The
// mean of 1,000 independent draws of G has the standard error sqrt(var(G) / 1000). Source: Vovk (2012), "Conditional
// validity of inductive conformal predictors".
//
// Split conformal calibration is exact, and so tested on both sides. Cross-conformal calibration compares the score by
// a model of n rows with scores by models of 0.9 n rows, and is tested to keep the promise and not to be void.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "kernad/kde_classifier.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using testing::Random;

constexpr std::size_t kDraws = 1000;
constexpr std::size_t kNewRows = 100;
constexpr double kDeviations = 4;  // 1 of 30,000 tests of a true promise fails; the seeds are fixed

enum class Kind { gaussian, heavy_tails, two_clusters };

Embeddings draw(Kind kind, std::size_t rows, Random& random) {
  constexpr std::size_t kColumns = 5;
  Embeddings result(rows, kColumns);
  for (std::size_t i = 0; i < rows; ++i) {
    // Of a cluster far from the other, or of a scale of its own: Student's t with 3 degrees of freedom.
    const double shift = kind == Kind::two_clusters && random.uniform() < 0.3 ? 12 : 0;
    double chi_squared = 0;
    for (int j = 0; j < 3; ++j) chi_squared += std::pow(random.normal(), 2);
    const double scale = kind == Kind::heavy_tails ? std::sqrt(3 / chi_squared) : 1;
    for (std::size_t j = 0; j < kColumns; ++j) {
      result(i, j) = static_cast<float>(shift + scale * std::pow(0.8, static_cast<double>(j)) * random.normal());
    }
  }
  return result;
}

struct Case {
  Kind kind;
  std::size_t rows;
  std::vector<double> rates;
};

/// The mean over all draws, for each rate, of the share of new normal rows that are called anomalous.
std::vector<double> observed(const Case& c, const auto& calibrate) {
  Random random(c.rows << 20);
  std::vector<double> sum(c.rates.size());
  for (std::size_t i = 0; i < kDraws; ++i) {
    const auto rows = draw(c.kind, c.rows, random);
    KDEClassifier classifier({.n_pca_components = 3});
    classifier.set_threads(1);  // the rows are too few to be shared out
    EXPECT_TRUE(classifier.fit(rows));
    calibrate(classifier, rows, random);
    const auto scores = classifier.compute_kde_scores(draw(c.kind, kNewRows, random), true);
    for (std::size_t r = 0; r < sum.size(); ++r) {
      classifier.set_target_fpr(c.rates[r]);
      const auto labels = classifier.threshold().labels(scores);
      sum[r] += std::accumulate(labels.begin(), labels.end(), 0.0) / kNewRows;
    }
  }
  for (double& x : sum) x /= kDraws;
  return sum;
}

/// m / (n + 1), and the standard error of the mean of kDraws draws.
std::pair<double, double> expected(double rate, std::size_t n) {
  const double parts = static_cast<double>(n) + 1;
  const double mean = std::floor(rate * parts + 1e-9) / parts;
  const double of_threshold = mean * (1 - mean) / (parts + 1);
  const double of_draw = of_threshold + (mean - mean * mean - of_threshold) / kNewRows;
  return {mean, std::sqrt(of_draw / kDraws)};
}

class ConformalValidityTest : public ::testing::TestWithParam<Case> {};

TEST_P(ConformalValidityTest, SplitIsExact) {
  const auto& c = GetParam();
  const auto rates = observed(c, [&](KDEClassifier& classifier, EmbeddingsView, Random& random) {
    classifier.calibrate_from(draw(c.kind, c.rows, random));
  });
  for (std::size_t r = 0; r < rates.size(); ++r) {
    const auto [mean, error] = expected(c.rates[r], c.rows);
    EXPECT_NEAR(rates[r], mean, kDeviations * error) << "rate " << c.rates[r];
  }
}

TEST_P(ConformalValidityTest, CrossConformalKeepsThePromise) {
  const auto& c = GetParam();
  const auto rates =
      observed(c, [](KDEClassifier& classifier, EmbeddingsView rows, const Random&) { classifier.calibrate(rows); });
  for (std::size_t r = 0; r < rates.size(); ++r) {
    const auto [mean, error] = expected(c.rates[r], c.rows);
    EXPECT_LE(rates[r], c.rates[r] + kDeviations * error) << "rate " << c.rates[r];
    EXPECT_GE(rates[r], mean / 2) << "rate " << c.rates[r] << ": a promise kept by calling next to nothing";
    RecordProperty("rate " + std::to_string(c.rates[r]), std::to_string(rates[r]));
  }
}

TEST(FalseDiscoveryTest, IsAtMostTheRateAsked) {
  // Batches of 40 normal rows and 10 far ones. Benjamini and Hochberg promise at most fdr * 40 / 50 on average; the
  // Monte-Carlo error of the mean is that of the draws themselves.
  constexpr double kFdr = 0.2;
  Random random(1 << 10);
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 0; i < kDraws; ++i) {
    KDEClassifier classifier({.n_pca_components = 3});
    classifier.set_threads(1);
    EXPECT_TRUE(classifier.fit(draw(Kind::gaussian, 50, random)));
    classifier.calibrate_from(draw(Kind::gaussian, 100, random));
    auto batch = draw(Kind::gaussian, 50, random);
    for (std::size_t row = 40; row < 50; ++row) batch(row, 0) += 5;
    const auto p = classifier.calibration().p_values(classifier.compute_kde_scores(batch, true));
    const auto called = benjamini_hochberg(p, kFdr);
    const auto all = std::accumulate(called.begin(), called.end(), 0.0);
    const auto wrong = std::accumulate(called.begin(), called.begin() + 40, 0.0);
    const double share = all == 0 ? 0 : wrong / all;
    sum += share;
    squares += share * share;
  }
  const double mean = sum / kDraws;
  const double error = std::sqrt((squares / kDraws - mean * mean) / kDraws);
  EXPECT_LE(mean, kFdr * 40 / 50 + kDeviations * error);
  EXPECT_GE(mean, kFdr / 4) << "a promise kept by calling next to nothing";
}

INSTANTIATE_TEST_SUITE_P(
    Draws, ConformalValidityTest,
    ::testing::Values(Case{Kind::gaussian, 20, {0.05, 0.1, 0.2}}, Case{Kind::gaussian, 50, {0.02, 0.05, 0.1}},
                      Case{Kind::gaussian, 200, {0.01, 0.05, 0.1}}, Case{Kind::heavy_tails, 20, {0.05, 0.1, 0.2}},
                      Case{Kind::heavy_tails, 50, {0.02, 0.05, 0.1}}, Case{Kind::two_clusters, 50, {0.02, 0.05, 0.1}}));

}  // namespace
}  // namespace kernad
