// Calibrated verdicts on what the densities do not see of a row.
#include "model/residual_judge.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "kernad/state_dict.hpp"
#include "support/data.hpp"

namespace kernad::residual_judge_test {
namespace {

using model::ResidualLine;
using testing::gaussian;

std::vector<double> column(const Embeddings& rows, std::size_t index) {
  std::vector<double> values;
  for (std::size_t i = 0; i < rows.rows(); ++i) values.push_back(rows(i, index));
  return values;
}

TEST(ResidualLineTest, JoinsMediansAndQuartiles) {
  // Places 5 and 7 of ten: from the densest -5 and -13, from the smallest 5 and 7.
  const ResidualLine line(std::vector<double>{0, -13, -1, -2, -3, -5, -4, -6, -70, -80},
                          std::vector<double>{9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
  EXPECT_DOUBLE_EQ(line.slope, (-5 - -13) / (7.0 - 5));
  EXPECT_DOUBLE_EQ(line.log_density(0, 5), -5);
  EXPECT_DOUBLE_EQ(line.log_density(0, 7), -13);
  EXPECT_DOUBLE_EQ(line.log_density(0, 107), -413);
  EXPECT_EQ(line.log_density(-500, 107), -500) << "the lower";
  EXPECT_TRUE(std::isfinite(ResidualLine(0, 1e10).log_density(0, 1e308)));
}

TEST(ResidualLineTest, RowsThatAreAlikeGiveNone) {
  const std::vector<double> some = {1, 2, 3, 4, 5};
  const std::vector<double> same(5, 7);
  EXPECT_EQ(ResidualLine(some, same).slope, 0);
  EXPECT_EQ(ResidualLine(same, some).slope, 0);
  EXPECT_EQ(ResidualLine(some, same).log_density(3, 100), 3);
  EXPECT_EQ(ResidualLine({}, {}).slope, 0);
}

TEST(ResidualLineTest, NoRowBendsTheLineInItsFavour) {
  std::size_t by_others = 0;
  std::size_t by_all = 0;
  for (const std::size_t rows : {2U, 3U, 10U, 30U, 41U}) {
    auto values = gaussian(rows, 2, rows);
    if (rows == 41) {
      for (std::size_t i = 0; i < 20; ++i) values(i, 1) = 0.5;  // ties
    }
    const auto log_densities = column(values, 0);
    const auto residuals = column(values, 1);
    const auto judged = model::judged(log_densities, residuals);
    const ResidualLine of_all(log_densities, residuals);
    for (std::size_t i = 0; i < rows; ++i) {
      auto other_densities = log_densities;
      auto other_residuals = residuals;
      other_densities.erase(other_densities.begin() + static_cast<std::ptrdiff_t>(i));
      other_residuals.erase(other_residuals.begin() + static_cast<std::ptrdiff_t>(i));
      const ResidualLine line(other_densities, other_residuals);
      const double others = line.log_density(log_densities[i], residuals[i]);
      const double all = of_all.log_density(log_densities[i], residuals[i]);
      EXPECT_EQ(judged[i], std::min(others, all)) << rows << ' ' << i;
      by_others += others < all ? 1 : 0;
      by_all += all < others ? 1 : 0;
    }
  }
  EXPECT_GT(by_others, 5U);
  EXPECT_GT(by_all, 5U);
  EXPECT_EQ(model::judged(std::vector<double>{1}, std::vector<double>{2}), std::vector<double>{1});
}

KDEClassifier calibrated(EmbeddingsView rows, const KDEClassifierOptions& options = {}) {
  KDEClassifier classifier(options);
  EXPECT_TRUE(classifier.fit(rows));
  classifier.calibrate(rows);
  classifier.set_target_fpr(0.05);
  return classifier;
}

std::vector<std::uint8_t> labels(const KDEClassifier& classifier, EmbeddingsView rows) {
  return classifier.threshold().labels(classifier.compute_kde_scores(rows, true));
}

/// 20 columns of deviations 1, 0.9, ...: of 16 components the last four are left out.
Embeddings wide(std::size_t rows, std::uint64_t seed) {
  return testing::map(gaussian(rows, 20, seed),
                      [](double x, auto, std::size_t j) { return x * std::pow(0.9, static_cast<double>(j)); });
}

TEST(ResidualJudgeTest, ARowFarOutInALeftOutAxisIsAnomalous) {
  const auto train = wide(300, 1);
  auto queries = wide(3, 2);
  queries(1, 19) = 4;  // 30 standard deviations
  queries(2, 19) = -1e30F;
  const auto classifier = calibrated(train);
  EXPECT_EQ(labels(classifier, queries), (std::vector<std::uint8_t>{0, 1, 1}));
  const auto scores = classifier.compute_kde_scores(queries, true);
  EXPECT_EQ(classifier.calibration().p_values(scores)[1], 1.0 / 301);
  EXPECT_LT(scores[2], scores[1]);
  EXPECT_TRUE(std::isfinite(scores[2]));

  KDEClassifier uncalibrated;
  ASSERT_TRUE(uncalibrated.fit(train));
  const auto plain = uncalibrated.compute_kde_scores(queries, true);
  EXPECT_GT(plain[1], scores[1]) << "the reference's score does not see it";
  EXPECT_EQ(plain[0], scores[0]) << "where the density is rarer, it stays to the bit";

  const auto why = classifier.explain(queries.view().middle_rows(1, 1));
  EXPECT_TRUE(why.residual_decides);
  EXPECT_GT(why.columns[19].share, 0.5);
  EXPECT_LT(std::abs(why.columns[19].expected), 2);
  EXPECT_FALSE(classifier.explain(queries.view().middle_rows(0, 1)).residual_decides);
  EXPECT_FALSE(uncalibrated.explain(queries.view().middle_rows(1, 1)).residual_decides);
}

TEST(ResidualJudgeTest, FurtherRowsCalibrateItAsWell) {
  KDEClassifier classifier;
  ASSERT_TRUE(classifier.fit(wide(300, 1)));
  classifier.calibrate_from(wide(200, 3));
  classifier.set_target_fpr(0.05);
  auto queries = wide(2, 2);
  queries(1, 19) = 4;
  EXPECT_EQ(labels(classifier, queries), (std::vector<std::uint8_t>{0, 1}));
}

TEST(ResidualJudgeTest, ModelsThatSeeEverythingHaveNone) {
  const auto rows = wide(300, 1);
  const auto queries = wide(20, 2);
  for (const KDEClassifierOptions& options :
       {KDEClassifierOptions{.n_pca_components = 20}, KDEClassifierOptions{.automatic = true},
        KDEClassifierOptions{.n_pca_components = ComponentCount::all(), .kde = {.covariance = Covariance::oas}}}) {
    KDEClassifier plain(options);
    ASSERT_TRUE(plain.fit(rows));
    const auto classifier = calibrated(rows, options);
    EXPECT_FALSE(classifier.state_dict().tensors.contains("residual.line"));
    EXPECT_EQ(classifier.compute_kde_scores(queries, true), plain.compute_kde_scores(queries, true));
  }
}

TEST(ResidualJudgeTest, TheSameBitsForAnyNumberOfThreads) {
  const auto rows = wide(300, 1);
  const auto queries = wide(100, 2);
  std::vector<double> scores;
  for (const int threads : {1, 2, 5}) {
    KDEClassifier classifier;
    classifier.set_threads(threads);
    ASSERT_TRUE(classifier.fit(rows));
    classifier.calibrate(rows);
    auto now = classifier.compute_kde_scores(queries, true);
    const auto kept = classifier.calibration().log_densities();
    now.insert(now.end(), kept.begin(), kept.end());
    if (scores.empty()) scores = now;
    EXPECT_EQ(scores, now) << threads;
  }
}

/// Shares of 100, rounded to that many decimals.
Embeddings shares(std::size_t rows, std::uint64_t seed, double unit) {
  auto result = testing::map(gaussian(rows, 4, seed), [](double x, auto, auto) { return std::exp(0.2 * x); });
  for (std::size_t i = 0; i < rows; ++i) {
    const auto row = result.row(i);
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    for (float& x : row) x = static_cast<float>(std::round(100 * x / sum / unit) * unit);
  }
  return result;
}

TEST(ResidualJudgeTest, AutomaticSeesABrokenSumOfRoundedShares) {
  for (const double unit : {0.1, 0.01, 0.001}) {
    const auto classifier = calibrated(shares(300, 1, unit), {.automatic = true});
    EXPECT_TRUE(classifier.state_dict().tensors.contains("residual.line"));
    auto queries = shares(3, 2, unit);
    queries(1, 0) += 1;
    for (float& x : queries.row(2)) x *= 1.1F;
    EXPECT_EQ(labels(classifier, queries), (std::vector<std::uint8_t>{0, 1, 1})) << unit;
    const auto why = classifier.explain(queries.view().middle_rows(1, 1));
    EXPECT_TRUE(why.residual_decides);
    double sum = 0;
    for (const auto& contribution : why.columns) sum += contribution.expected;
    EXPECT_NEAR(sum, 100, 0.2) << unit;
    const auto fresh = labels(classifier, shares(2000, 3, unit));
    EXPECT_LT(std::accumulate(fresh.begin(), fresh.end(), 0), 0.09 * 2000) << "a calibration strays by 1.2 % from 5 %";
  }
}

TEST(ResidualJudgeTest, ModelFilesKeepIt) {
  for (const bool automatic : {false, true}) {
    const auto rows = automatic ? shares(300, 1, 0.1) : wide(300, 1);
    const auto classifier = calibrated(rows, {.automatic = automatic});
    const auto state = classifier.state_dict();
    EXPECT_EQ(state.metadata.at("format_version"), "6");
    KDEClassifier loaded;
    loaded.load_state_dict(from_safetensors(to_safetensors(state)));
    const auto queries = automatic ? shares(50, 2, 1) : wide(50, 2);
    EXPECT_EQ(loaded.compute_kde_scores(queries, true), classifier.compute_kde_scores(queries, true));

    StateDict older = state;  // of a version that did not judge residuals
    older.tensors.erase("residual.line");
    older.metadata["format_version"] = "4";
    loaded.load_state_dict(older);
    KDEClassifier plain({.automatic = automatic});
    ASSERT_TRUE(plain.fit(rows));
    EXPECT_EQ(loaded.compute_kde_scores(queries, true), plain.compute_kde_scores(queries, true));
  }
}

TEST(ResidualJudgeTest, AForgedOneIsRefused) {
  const auto state = calibrated(wide(300, 1)).state_dict();
  const auto message = [](StateDict dict, std::vector<double> values) {
    dict.tensors["residual.line"] = Tensor::from(std::span<const double>(values), {values.size()});
    try {
      KDEClassifier().load_state_dict(dict);
    } catch (const InvalidInput& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  for (const std::vector<double>& values : {std::vector<double>{1, -1}, {1, 0}, {1e200, 1}, {1, 1e300}, {1, 2, 3}}) {
    EXPECT_NE(message(state, values).find("residual.line"), std::string::npos) << message(state, values);
  }
  const auto whole = calibrated(gaussian(100, 3, 1)).state_dict();
  EXPECT_NE(message(whole, {1, 1}).find("residual.line"), std::string::npos) << "no axis is left out";
}

}  // namespace
}  // namespace kernad::residual_judge_test
