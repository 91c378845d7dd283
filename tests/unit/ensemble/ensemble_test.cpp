// Two densities that judge together: the surprisal of rows under each, and the classifier made of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "ensemble/members.hpp"
#include "ensemble/tail_rank.hpp"
#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "kernad/metrics.hpp"
#include "kernad/scorer.hpp"
#include "model/pipeline.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using ensemble::combine;
using ensemble::TailRank;
using testing::correlated;
using testing::gaussian;

constexpr double kMost = std::numeric_limits<double>::max();

KDEClassifier fitted(const KDEClassifierOptions& options, EmbeddingsView rows) {
  KDEClassifier classifier(options);
  if (!classifier.fit(rows)) throw InvalidInput("too few rows");
  return classifier;
}

std::vector<double> log_densities(const KDEClassifier& classifier, EmbeddingsView rows) {
  return classifier.compute_kde_scores(rows, true);
}

/// Near the rows, between them, far away and very far away.
Embeddings queries_around(EmbeddingsView rows) {
  return testing::map(rows, [](double x, std::size_t i, std::size_t j) {
    const double scale = i % 9 == 8 ? 1e15 : i % 9 == 7 ? 5 : 1;
    return scale * (x + (j % 2 == 0 ? 0.3 : -0.2) * static_cast<double>(i % 5));
  });
}

// ---- surprisal ----

TEST(TailTest, SurprisalIsMinusTheLogOfTheShareThatIsNoDenser) {
  const TailRank tail({-1, -3, -2, -2});  // n + 1 = 5
  EXPECT_DOUBLE_EQ(tail.surprisal(-1), std::log(5.0 / 4));
  EXPECT_DOUBLE_EQ(tail.surprisal(-2), std::log(5.0 / 3));
  EXPECT_DOUBLE_EQ(tail.surprisal(-3), std::log(5.0 / 1));
  EXPECT_DOUBLE_EQ(tail.surprisal(100), std::log(5.0 / 4));
  EXPECT_DOUBLE_EQ(tail.surprisal(-1.5), (std::log(5.0 / 4) + std::log(5.0 / 3)) / 2);
  // The least dense two of four rows make up the tail; the row before them is at -2: mean excess (0 + 1) / 2.
  EXPECT_DOUBLE_EQ(tail.surprisal(-4), std::log(5.0) + 1 / 0.5);
}

TEST(TailTest, TheLeastDenseTenthIsTheTail) {
  // 0, -1, -4, ... -24^2: the tail is the least dense three of 25 rows, measured from -21^2.
  std::vector<double> values;
  for (int i = 0; i < 25; ++i) values.push_back(-i * i);
  const double slope = (22 * 22 + 23 * 23 + 24 * 24) / 3.0 - 21 * 21;
  EXPECT_DOUBLE_EQ(TailRank(values).surprisal(-1000), std::log(26.0) + (1000 - 24 * 24) / slope);
}

TEST(TailTest, LogDensityIsTheInverse) {
  const auto values = gaussian(97, 1, 1);
  const TailRank tail(std::vector<double>(values.data(), values.data() + 97));
  double last = 0;
  for (double x = 6; x > -9; x -= 0.013) {
    const double surprisal = tail.surprisal(x);
    EXPECT_GE(surprisal, last);
    last = surprisal;
    if (surprisal <= tail.min_surprisal()) continue;
    EXPECT_NEAR(tail.log_density(surprisal), x, 1e-12) << x;
  }
  EXPECT_EQ(tail.log_density(std::numeric_limits<double>::infinity()), -kMost);
}

TEST(TailTest, EqualRowsHaveATailOfSlopeOne) {
  for (const std::size_t n : {std::size_t{1}, std::size_t{2}, std::size_t{30}}) {
    const TailRank tail(std::vector<double>(n, 7.0));
    EXPECT_NEAR(tail.surprisal(7), std::log((static_cast<double>(n) + 1) / static_cast<double>(n)), 1e-15);
    EXPECT_DOUBLE_EQ(tail.surprisal(5), std::log(static_cast<double>(n) + 1) + 2);
  }
}

TEST(TailTest, RoundingMakesNoRowRarer) {
  for (const double noise : {0.0, 1e-15, 1e-9, 3e-6}) {
    std::vector<double> values(30, 7.0);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] -= noise * static_cast<double>(i);
    values.push_back(9);
    const TailRank tail(values);
    for (std::size_t i = 0; i < 30; ++i) EXPECT_NEAR(tail.surprisal(values[i]), std::log(32.0 / 30), 1e-4) << noise;
    EXPECT_NEAR(tail.surprisal(5), std::log(32.0) + 2, 1e-4) << noise;
  }
}

TEST(TailTest, TheRarerDecides) {
  const TailRank first({10, 11, 12, 13});
  const TailRank second({-5, -4, -3, -2});
  EXPECT_EQ(combine(first, second, 11, 0), 11);          // denser than all training rows under the second
  EXPECT_DOUBLE_EQ(combine(first, second, 13, -4), 11);  // the third of four under the second
  EXPECT_EQ(combine(first, second, 9, -4), 9);           // the larger surprisal is under the first
  double last = kMost;
  for (double x = 0; x > -20; x -= 0.01) {
    const double both = combine(first, second, 12, x);
    EXPECT_LE(both, last);
    last = both;
  }
  for (const double x : {-kMost, kMost}) {
    for (const double y : {-kMost, kMost}) EXPECT_TRUE(std::isfinite(combine(first, second, x, y)));
  }
}

// ---- the classifier ----

TEST(CommitteeTest, IsWhatItsTwoDensitiesSay) {
  std::size_t decided_by_second = 0;
  std::size_t summed_in_double = 0;
  for (const auto& [count, columns] : {std::pair(40, 60), std::pair(700, 5)}) {
    SCOPED_TRACE(std::to_string(count) + " x " + std::to_string(columns));
    const auto rows = correlated(count, columns, 0.9, 1, 2);
    const auto queries = queries_around(rows);
    const auto both = fitted({.automatic = true}, rows);
    const auto first = fitted(
        {.n_pca_components = ComponentCount::all(), .kde = {Bandwidth::loo(), Covariance::ledoit_wolf, 1}}, rows);
    const auto second = fitted({.n_pca_components = ComponentCount::all(),
                                .standardize = true,
                                .kde = {Bandwidth::loo(2), Covariance::isotropic, 0}},
                               rows);
    const auto state = both.state_dict();
    const TailRank first_tail(state.tensors.at("committee.first_tail").to_f64());
    const TailRank second_tail(state.tensors.at("committee.second_tail").to_f64());
    const auto scores = log_densities(both, queries);
    const auto by_first = log_densities(first, queries);
    const auto by_second = log_densities(second, queries);
    std::size_t second_decided = 0;
    Scorer scorer(both);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const auto with = [&](double second_score) {
        return combine(first_tail, second_tail, by_first[i], second_score);
      };
      // Where what float32 loses of the second would change the result by more than 1e-4, it is summed in double.
      constexpr double kRounding = 4e-6;
      const double low = with(by_second[i] - kRounding);
      const double high = with(by_second[i] + kRounding);
      const bool amplified = std::max(high - with(by_second[i]), with(by_second[i]) - low) > 1e-4;
      EXPECT_GE(scores[i], amplified ? low : with(by_second[i])) << i;
      EXPECT_LE(scores[i], amplified ? high : with(by_second[i])) << i;
      summed_in_double += amplified ? 1 : 0;
      EXPECT_EQ(scores[i], scorer.log_density(queries.row(i))) << i;
      const auto why = both.explain(queries.view().middle_rows(i, 1));
      EXPECT_EQ(why.decided_by, scores[i] < by_first[i] ? 2 : 1) << i;
      second_decided += why.decided_by - 1;
    }
    EXPECT_LT(second_decided, scores.size());
    decided_by_second += second_decided;
  }
  EXPECT_GT(decided_by_second, 0);
  EXPECT_GT(summed_in_double, 0);
}

TEST(CommitteeTest, TailsAreOfRowsWithoutTheirOwnKernel) {
  const auto rows = correlated(50, 4, 0.9, 1, 3);
  const auto state = fitted({.automatic = true}, rows).state_dict();
  const auto tail = state.tensors.at("committee.second_tail").to_f64();
  const auto second = fitted(ensemble::second_member({}), rows);
  // p(x) = 1/N sum of all kernels; the own kernel of a training row is exp(log_norm) / N.
  const double log_norm = second.state_dict().tensors.at("kde_model.log_norm").to_f64()[0];
  auto expected = log_densities(second, rows);
  for (double& x : expected) x = std::log(std::exp(x) - std::exp(log_norm) / 50);
  std::sort(expected.rbegin(), expected.rend());
  ASSERT_EQ(tail.size(), expected.size());
  // The scores are within 1e-5 nats, and without the own kernel at least a tenth of each density remains here.
  for (std::size_t i = 0; i < tail.size(); ++i) EXPECT_NEAR(tail[i], expected[i], 1e-4) << i;
}

TEST(CommitteeTest, FollowsTheBetterOfTheTwo) {
  // Anomalies that break how columns vary together, and others that are unusual in one column of small variance among
  // columns of large variance, in which normal rows form groups.
  const auto together = correlated(400, 12, 0.7, 0, 4);
  const auto alone = testing::map(gaussian(400, 12, 5), [](double x, std::size_t i, std::size_t j) {
    return j == 0 ? 1e-2 * x : 100.0 * (static_cast<double>((i * (j + 7)) % 5) + 0.02 * x);
  });
  const auto shuffled = testing::map(together, [&](double, std::size_t i, std::size_t j) {
    return static_cast<double>(together((i * 7 + j * 31) % 400, j));
  });
  const auto shifted = testing::map(alone, [](double x, std::size_t, std::size_t j) { return j == 0 ? x + 0.06 : x; });
  const auto auroc_of = [](const KDEClassifierOptions& options, EmbeddingsView rows, EmbeddingsView anomalies) {
    const auto model = fitted(options, rows.middle_rows(0, 300));
    auto scores = log_densities(model, rows.middle_rows(300, 100));
    const auto more = log_densities(model, anomalies.middle_rows(300, 100));
    scores.insert(scores.end(), more.begin(), more.end());
    for (double& x : scores) x = -x;
    std::vector<std::uint8_t> labels(200);
    std::fill(labels.begin() + 100, labels.end(), 1);
    return evaluate(scores, labels).image_AUROC;
  };
  for (const auto& [rows, anomalies] : {std::pair(&together, &shuffled), std::pair(&alone, &shifted)}) {
    const double first = auroc_of(ensemble::first_member({}), *rows, *anomalies);
    const double second = auroc_of(ensemble::second_member({}), *rows, *anomalies);
    const double both = auroc_of({.automatic = true}, *rows, *anomalies);
    EXPECT_GT(std::max(first, second), 0.8);
    EXPECT_GT(both, std::max(first, second) - 0.03) << first << ' ' << second;
  }
}

TEST(CommitteeTest, AModelComesBackAsItWas) {
  const auto rows = correlated(60, 9, 0.9, 1, 6);
  const auto queries = queries_around(rows);
  auto classifier = fitted({.automatic = true}, rows);
  classifier.calibrate(rows, 5);
  classifier.set_target_fpr(0.1);
  const auto state = classifier.state_dict();
  EXPECT_EQ(state.metadata.at("format_version"), "3");
  KDEClassifier loaded;
  loaded.load_state_dict(state);
  EXPECT_TRUE(loaded.options().automatic);
  EXPECT_EQ(log_densities(loaded, queries), log_densities(classifier, queries));
  EXPECT_EQ(to_safetensors(loaded.state_dict()), to_safetensors(state));
  loaded.set_pruning(false);
  const auto full = log_densities(loaded, queries);
  const auto pruned = log_densities(classifier, queries);
  for (std::size_t i = 0; i < full.size(); ++i) EXPECT_NEAR(full[i], pruned[i], 1e-5 + 1e-12 * std::abs(full[i]));
}

TEST(CommitteeTest, ACheckpointWithoutASecondDensityIsNone) {
  const auto rows = correlated(60, 9, 0.9, 1, 6);
  KDEClassifier classifier({.automatic = true});
  classifier.load_state_dict(fitted({.n_pca_components = 3}, rows).state_dict());
  EXPECT_FALSE(classifier.options().automatic);
  EXPECT_EQ(classifier.options().n_pca_components.count(), 3);
}

TEST(CommitteeTest, TensorsTellWithoutMetadata) {
  const auto rows = correlated(60, 9, 0.9, 1, 6);
  const auto classifier = fitted({.automatic = true}, rows);
  auto state = classifier.state_dict();
  state.metadata.clear();
  KDEClassifier loaded;
  loaded.load_state_dict(state);
  EXPECT_TRUE(loaded.options().automatic);
  EXPECT_EQ(log_densities(loaded, queries_around(rows)), log_densities(classifier, queries_around(rows)));
  EXPECT_TRUE(KDEClassifier(loaded.options()).fit(rows));
}

TEST(CommitteeTest, BothEndsOfTheBandwidthsAreTold) {
  // Nearly all rows are one: the likelier, the wider, for both densities.
  Embeddings rows(300, 4);
  const auto some = gaussian(3, 4, 1);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t d = 0; d < 4; ++d) rows(i, d) = some(i, d);
  }
  const auto classifier = fitted({.automatic = true}, rows);
  ASSERT_EQ(classifier.report().notes.size(), 2U);
  EXPECT_EQ(classifier.report().notes[1].code, NoteCode::bandwidth_at_limit);
  EXPECT_NE(classifier.report().notes[1].text.find("density 2"), std::string::npos);
}

TEST(CommitteeTest, BrokenStatesAreRefused) {
  const auto good = fitted({.automatic = true}, correlated(60, 9, 0.9, 1, 6)).state_dict();
  const auto other = fitted({.automatic = true}, correlated(60, 8, 0.9, 1, 6)).state_dict();
  const auto refused = [](const StateDict& state, const std::string& names) {
    KDEClassifier classifier;
    try {
      classifier.load_state_dict(state);
      ADD_FAILURE() << "loaded";
    } catch (const InvalidInput& error) {
      EXPECT_NE(std::string(error.what()).find(names), std::string::npos) << error.what();
    }
  };
  for (const char* name : {"committee.first_tail", "committee.second_tail", "committee.second_kde_model.dataset",
                           "committee.second_pca_model.mean"}) {
    auto state = good;
    state.tensors.erase(name);
    refused(state, std::string(name).substr(std::string(name).find('_') + 1));
  }
  for (const std::vector<double>& values : {std::vector<double>{}, {1, std::nan("")}, {1e200}}) {
    auto state = good;
    state.tensors["committee.first_tail"] = Tensor::from(std::span<const double>(values), {values.size()});
    refused(state, "committee.first_tail");
  }
  auto state = good;
  for (const auto& [name, tensor] : other.tensors) {
    if (name.starts_with("committee.second_")) state.tensors[name] = tensor;
  }
  refused(state, "8 columns; expected: 9");
}

TEST(CommitteeTest, ThreadsDoNotChangeABit) {
  const auto rows = correlated(300, 20, 0.9, 1, 7);
  const auto state = [&](int threads) {
    KDEClassifier classifier({.automatic = true});
    classifier.set_threads(threads);
    EXPECT_TRUE(classifier.fit(rows));
    return to_safetensors(classifier.state_dict());
  };
  EXPECT_EQ(state(1), state(3));
}

TEST(CommitteeTest, HonestScoresAreOfCommittees) {
  const auto rows = correlated(80, 30, 0.9, 1, 8);
  auto classifier = fitted({.automatic = true}, rows);
  classifier.calibrate(rows, 10);
  classifier.set_target_fpr(0.1);
  const auto labels = classifier.threshold().labels(log_densities(classifier, correlated(80, 30, 0.9, 1, 8)));
  EXPECT_LT(std::count(labels.begin(), labels.end(), 1), 16);
}

TEST(CommitteeTest, WhatItChoosesMustBeLeftToIt) {
  const auto all = ComponentCount::all();
  const std::vector<KDEClassifierOptions> wrong = {
      {.n_pca_components = all, .automatic = true},
      {.feature_scaling_method = FeatureScalingMethod::norm, .automatic = true},
      {.standardize = true, .automatic = true},
      {.kde = {.bandwidth = 1}, .automatic = true},
      {.kde = {.local_alpha = 1}, .automatic = true}};
  for (const auto& options : wrong) EXPECT_THROW(KDEClassifier{options}, InvalidParameter);
  EXPECT_NO_THROW(KDEClassifier({.max_training_points = 100, .seed = 3, .automatic = true}));
}

TEST(CommitteeTest, RowsThatAreAlikeDecideNothing) {
  // On a circle all rows have the same surprisal. Far away the log-density falls as the square of the distance: a tail
  // whose scale were the rounding of the sums would multiply it by some 1e7.
  const auto rows = testing::map(Embeddings(40, 2), [](double, std::size_t i, std::size_t j) {
    const double angle = static_cast<double>(i) * 2 * std::numbers::pi / 40;
    return j == 0 ? std::cos(angle) : std::sin(angle);
  });
  const auto scores = log_densities(fitted({.automatic = true}, rows), Embeddings({100, 0, 0, 100}, 2, 2));
  // Variance 1/2, bandwidths no less than a tenth: -(100 / 0.07)^2 / 2 in the second density, one nat in one nat.
  for (const double x : scores) EXPECT_GT(x, -1e6 - 1e6);
}

TEST(CommitteeTest, SmallAndOddTrainingSets) {
  // Two rows; two different rows among copies; a constant column; one column; huge and tiny values.
  const std::vector<Embeddings> sets = {
      Embeddings({1, 2, 3, 5}, 2, 2), Embeddings({1, 2, 1, 2, 1, 2, 1, 2, 4, 4}, 5, 2),
      testing::map(gaussian(30, 3, 9), [](double x, std::size_t, std::size_t j) { return j == 1 ? 7 : x; }),
      gaussian(30, 1, 10), testing::map(gaussian(30, 3, 11), [](double x, std::size_t, std::size_t j) {
        return j == 0 ? 1e30 * x : j == 1 ? 1e-30 * x : x;
      })};
  for (const auto& rows : sets) {
    SCOPED_TRACE(std::to_string(rows.rows()) + " x " + std::to_string(rows.cols()));
    const auto classifier = fitted({.automatic = true}, rows);
    for (const double x : log_densities(classifier, rows)) EXPECT_TRUE(std::isfinite(x));
    const auto far = testing::map(rows, [](double, std::size_t, std::size_t) { return 1e38; });
    for (const double x : log_densities(classifier, far)) EXPECT_TRUE(std::isfinite(x));
  }
  EXPECT_THROW(fitted({.automatic = true}, Embeddings({1, 2, 1, 2}, 2, 2)), InvalidInput);
  EXPECT_THROW(fitted({.automatic = true}, Embeddings({1, 2}, 1, 2)), InvalidInput);
}

}  // namespace
}  // namespace kernad
