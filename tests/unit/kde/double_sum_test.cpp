// Bandwidths that are given and so small that float32 could not place the kernels.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "kernad/gaussian_kde.hpp"
#include "kernad/kde_classifier.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

/// The mean of exp(-(x - x_i)^2 / (2 s^2)) / (s sqrt(2 pi)) in the log domain, in long double; one column.
double exact_log_density(EmbeddingsView train, double query, double h) {
  long double mean = 0;
  for (std::size_t i = 0; i < train.rows(); ++i) mean += static_cast<long double>(train.row(i)[0]);
  mean /= static_cast<long double>(train.rows());
  long double squares = 0;
  for (std::size_t i = 0; i < train.rows(); ++i) {
    const long double x = static_cast<long double>(train.row(i)[0]) - mean;
    squares += x * x;
  }
  const long double s = static_cast<long double>(h) * std::sqrt(squares / static_cast<long double>(train.rows() - 1));
  long double largest = -std::numeric_limits<long double>::infinity();
  std::vector<long double> exponents;
  for (std::size_t i = 0; i < train.rows(); ++i) {
    const long double z = (static_cast<long double>(query) - static_cast<long double>(train.row(i)[0])) / s;
    exponents.push_back(-z * z / 2);
    largest = std::max(largest, exponents.back());
  }
  long double sum = 0;
  for (const long double exponent : exponents) sum += std::exp(exponent - largest);
  return static_cast<double>(largest + std::log(sum) - std::log(static_cast<long double>(train.rows())) - std::log(s) -
                             0.5L * std::log(2 * std::numbers::pi_v<long double>));
}

TEST(DoubleSumTest, SmallBandwidthsKeepThePromise) {
  const auto train = testing::gaussian(1000, 1, 51);
  const auto queries = testing::gaussian(30, 1, 52);
  for (const double h : {1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8, 1e-10}) {
    GaussianKDE density({.bandwidth = h});
    density.fit(train);
    for (const bool of_training : {false, true}) {
      const auto rows = (of_training ? train.view() : queries.view()).middle_rows(0, 30);
      const auto scores = density.log_density(rows);
      for (std::size_t i = 0; i < scores.size(); ++i) {
        const double expected = exact_log_density(train, rows.row(i)[0], h);
        EXPECT_NEAR(scores[i], expected, std::max(1e-4, 1e-6 * std::abs(expected))) << h << ", row " << i;
      }
    }
  }
}

TEST(DoubleSumTest, SmallerOnesAreRefusedNamingTheSmallest) {
  const auto train = testing::gaussian(200, 1, 53);
  for (const double h : {1e-12, 1e-50, 1e-100, 1e-300}) {
    GaussianKDE density({.bandwidth = h});
    try {
      density.fit(train);
      ADD_FAILURE() << h << " is accepted";
    } catch (const InvalidParameter& error) {
      EXPECT_NE(std::string(error.what()).find("the smallest possible is "), std::string::npos) << error.what();
    }
  }
}

TEST(DoubleSumTest, ModelFilesKeepIt) {
  const auto train = testing::gaussian(300, 3, 54);
  const auto queries = testing::gaussian(20, 3, 55);
  for (const double alpha : {0.0, 1.0}) {
    KDEClassifier classifier({.kde = {.bandwidth = 1e-5, .local_alpha = alpha}});
    ASSERT_TRUE(classifier.fit(train));
    const auto state = classifier.state_dict();
    EXPECT_EQ(state.metadata.at("format_version"), "4");
    KDEClassifier loaded;
    loaded.load_state_dict(state);
    const auto scores = classifier.compute_kde_scores(queries, true);
    EXPECT_EQ(loaded.compute_kde_scores(queries, true), scores);
    loaded.set_pruning(false);
    EXPECT_EQ(loaded.compute_kde_scores(queries, true), scores);
    for (std::size_t i = 0; i < 20; ++i) {
      EXPECT_EQ(classifier.compute_kde_scores(queries.view().middle_rows(i, 1), true)[0], scores[i]);
    }
    StateDict forged = state;
    forged.tensors["kde_model.exact_dataset"] = Tensor::from(std::vector<double>(900), {300, 3});
    EXPECT_THROW(loaded.load_state_dict(forged), InvalidInput);
  }
}

}  // namespace
}  // namespace kernad
