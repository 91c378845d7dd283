// Sums over all references: every path that a query can take, compared with long double.
#include "kde/full_sum.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "kde/reference_set.hpp"
#include "parallel/pool.hpp"
#include "reference/oracle.hpp"
#include "support/data.hpp"

namespace kernad::kde {
namespace {

using testing::gaussian;
using testing::map;

std::vector<double> scores(FullSum& sum, const Matrix<double>& queries, parallel::Pool* pool = nullptr) {
  std::vector<double> out(queries.rows());
  for (std::size_t first = 0; first < queries.rows(); first += kFullBlock) {
    const std::size_t rows = std::min(kFullBlock, queries.rows() - first);
    sum.score(kernels::active(), queries.row(first).data(), queries.cols(), rows, out.data() + first, pool);
  }
  return out;
}

Matrix<double> times(MatrixView<float> rows, double factor) {
  Matrix<double> result(rows.rows(), rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < rows.cols(); ++j) result(i, j) = factor * static_cast<double>(rows.row(i)[j]);
  }
  return result;
}

oracle::Vector exact(const Matrix<double>& queries, MatrixView<float> rows, const AdaptiveBandwidth& adaptive = {}) {
  oracle::Vector sums(queries.rows());
  for (std::size_t i = 0; i < queries.rows(); ++i) {
    sums[i] = oracle::log_kernel_sum(queries.row(i), rows, adaptive.factors, adaptive.dimension);
  }
  return sums;
}

/// The largest error as a share of what is allowed.
double worst(const std::vector<double>& found, const oracle::Vector& expected) {
  double result = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto error = std::abs(static_cast<oracle::Real>(found[i]) - expected[i]);
    result = std::max(result, static_cast<double>(error / oracle::allowed_error(expected[i])));
  }
  return result;
}

/// Parameter: how many dimensions.
struct FullSumOf : ::testing::TestWithParam<std::size_t> {};

TEST_P(FullSumOf, EveryDistanceMatchesLongDouble) {
  // From inliers over those that any of the limits sends another way to what leaves float32.
  const std::size_t k = GetParam();
  const std::size_t n = k < 100 ? 3000 : 1200;
  const auto rows = map(gaussian(n, k, k), [](double x, auto, auto) { return 1.3 * x; });
  const auto set = make_reference_set(rows, false, 1);
  FullSum sum(set);
  const auto directions = gaussian(k < 100 ? 8 : 4, k, k + 1);
  for (double factor = 0.2; factor < 1e40; factor *= factor < 100 ? 1.3 : 1e3) {
    const auto queries = times(directions, factor);
    const double error = worst(scores(sum, queries), exact(queries, rows));
    EXPECT_LE(error, 1) << k << " dimensions, factor " << factor;
  }
}

INSTANTIATE_TEST_SUITE_P(Dimensions, FullSumOf, ::testing::Values(1, 2, 4, 5, 16, 17, 64, 128, 256, 512),
                         ::testing::PrintToStringParamName());

/// Parameter: how many dimensions.
struct AdaptiveSumOf : ::testing::TestWithParam<std::size_t> {};

TEST_P(AdaptiveSumOf, EveryDistanceMatchesLongDouble) {
  const std::size_t k = GetParam();
  const std::size_t n = k < 100 ? 2000 : 700;
  const auto rows = map(gaussian(n, k, k), [](double x, auto, auto) { return 1.3 * x; });
  // One kernel in a hundred is very narrow, as those of near copies are.
  testing::Random random(k);
  AdaptiveBandwidth adaptive{std::vector<double>(n), k};
  for (std::size_t i = 0; i < n; ++i) adaptive.factors[i] = i % 100 == 7 ? 0.02 : std::exp(0.3 * random.normal());
  const auto set = make_reference_set(rows, true, 1, adaptive);
  FullSum sum(set);
  const auto directions = gaussian(5, k, k + 1);
  for (double factor = 0.2; factor < 1e40; factor *= factor < 100 ? 1.5 : 1e3) {
    const auto queries = times(directions, factor);
    const double error = worst(scores(sum, queries), exact(queries, rows, adaptive));
    EXPECT_LE(error, 1) << k << " dimensions, factor " << factor;
  }
  auto narrow = times(rows.view().middle_rows(107, 1), 1);
  for (double& x : narrow.row(0)) x += 0.02 * random.normal();
  EXPECT_LE(worst(scores(sum, narrow), exact(narrow, rows, adaptive)), 1) << k << " dimensions, beside a narrow kernel";
}

INSTANTIATE_TEST_SUITE_P(Dimensions, AdaptiveSumOf, ::testing::Values(1, 5, 16, 64, 256),
                         ::testing::PrintToStringParamName());

/// References that are difficult in float32, and queries close to them.
struct Hostile {
  std::string name;
  Embeddings rows;
};

std::vector<Hostile> hostile_sets() {
  const auto spread = [](double x, std::size_t, std::size_t) { return 1.3 * x; };
  const auto base = map(gaussian(900, 16, 3), spread);
  const auto with = [&](auto&& change) {
    return map(base, [&](double x, std::size_t i, std::size_t j) { return change(x, i, j); });
  };
  std::vector<Hostile> sets;
  sets.push_back({"two clusters far from each other", with([](double x, std::size_t i, std::size_t j) {
                    return x + (j == 0 ? (i % 2 == 0 ? 60 : -60) : 0);
                  })});
  sets.push_back({"a lone row far off",
                  with([](double x, std::size_t i, std::size_t j) { return i == 333 && j == 2 ? 3000 : x; })});
  sets.push_back({"a cluster far off, one row after another", with([](double x, std::size_t i, std::size_t j) {
                    return i < 768 ? x : 0.3 * x + (j == 0 ? 200 : 0);
                  })});
  sets.push_back({"all on one side", with([](double x, std::size_t, std::size_t) { return x + 500; })});
  sets.push_back({"all on one side, very far", with([](double x, std::size_t, std::size_t) { return x + 2e4; })});
  sets.push_back({"a few rows again and again", with([](double, std::size_t i, std::size_t j) {
                    return static_cast<double>(i % 5) * 3 + static_cast<double>(j % 3);
                  })});
  sets.push_back({"equal rows", with([](double, std::size_t, std::size_t j) { return 0.1 + static_cast<double>(j); })});
  sets.push_back({"denormals", with([](double x, std::size_t, std::size_t) { return std::ldexp(x, -140); })});
  sets.push_back({"huge", with([](double x, std::size_t i, std::size_t) { return i % 7 == 0 ? x * 1e30 : x; })});
  sets.push_back({"equal coordinates",
                  with([](double, std::size_t i, std::size_t) { return 0.01 * (static_cast<double>(i) - 450); })});
  return sets;
}

TEST(FullSumTest, HostileReferencesMatchLongDouble) {
  for (const auto& [name, rows] : hostile_sets()) {
    const auto plain = make_reference_set(rows, false, 1);
    const auto pruned = make_reference_set(rows, true, 1);
    FullSum sum(plain);
    FullSum pruned_sum(pruned);
    // Close to their own rows, and away from all of them, as far as possible.
    for (const double factor :
         {0.0, 0.3, 0.7, 0.95, 1.0, 1.001, 1.1, 1.5, 2.5, 4.0, 8.0, 20.0, 300.0, 1e5, 1e12, 1e35}) {
      for (const std::size_t first : {330, 890}) {
        const auto queries = times(rows.view().middle_rows(first, 5), factor);
        const auto expected = exact(queries, rows);
        EXPECT_LE(worst(scores(sum, queries), expected), 1) << name << ", factor " << factor;
        EXPECT_LE(worst(scores(pruned_sum, queries), expected), 1) << name << ", with a tree, factor " << factor;
      }
    }
  }
}

TEST(FullSumTest, ASumHasTheSameBitsWhateverIsBesideItAndOnAnyThreads) {
  for (const bool adaptive : {false, true}) {
    const std::size_t k = 16;
    const auto rows = map(gaussian(20000, k, 5), [](double x, auto, auto) { return 1.6 * x; });
    AdaptiveBandwidth bandwidth{{}, k};
    testing::Random random(1);
    for (std::size_t i = 0; adaptive && i < rows.rows(); ++i)
      bandwidth.factors.push_back(std::exp(0.3 * random.normal()));
    const auto set = make_reference_set(rows, false, 1, bandwidth);
    // Every kind next to each other: each row is farther than the one before.
    auto queries = times(gaussian(150, k, 6), 1);
    for (std::size_t i = 0; i < queries.rows(); ++i) {
      for (double& x : queries.row(i)) x *= 1.1 * std::pow(1.12, static_cast<double>(i));
    }
    FullSum alone(set);
    const auto together = scores(alone, queries);
    parallel::Pool pool(3);
    FullSum shared(set, pool.threads());
    EXPECT_EQ(scores(shared, queries, &pool), together);
    for (std::size_t i = 0; i < queries.rows(); ++i) {
      double one = 0;
      alone.score(kernels::active(), queries.row(i).data(), k, 1, &one);
      EXPECT_EQ(one, together[i]) << i;
    }
  }
}

}  // namespace
}  // namespace kernad::kde
