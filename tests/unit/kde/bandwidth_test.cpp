// Bandwidths by leave-one-out likelihood and each row's own, against the formulas in long double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "kde/leave_one_out.hpp"
#include "kde/local_scale.hpp"
#include "kernad/gaussian_kde.hpp"
#include "kernad/sampling.hpp"
#include "reference/book.hpp"
#include "reference/oracle.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using oracle::Real;
using testing::correlated;
using testing::gaussian;
using namespace book;

// ---- leave-one-out likelihood ----

Real loo_likelihood(const Book& book, const oracle::Rows& rows, Real h) {
  Real sum = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) sum += book.log_density(rows[i], h, i);
  return sum / static_cast<Real>(rows.size());
}

TEST(BandwidthTest, LeaveOneOutFindsTheMaximum) {
  for (const double alpha : {0.0, 0.7}) {
    for (const std::size_t columns : {std::size_t{1}, std::size_t{4}, std::size_t{30}}) {
      SCOPED_TRACE(std::to_string(columns) + " columns, alpha " + std::to_string(alpha));
      const auto rows = correlated(70, columns, 0.9, 0, 9);
      const auto exact = oracle::to_rows(rows);
      const Book plain(exact, shrunk_covariance(exact, 0), 1);
      const kde::PairDistances pairs(to_float(plain.whitened()));
      const auto local = kde::local_scales(pairs, alpha, 1);
      const Book book(exact, shrunk_covariance(exact, 0), 1, local);
      GaussianKDE density({.bandwidth = Bandwidth::loo(), .local_alpha = alpha});
      density.fit(rows);
      const Real h = density.bandwidth_factor();
      // The parabola through three points 1/8 octave apart is off by a small share of a step in h, and so by that
      // share squared in the likelihood, which is flat there: no step of 1 % is better by more than 1e-4 k.
      const Real best = loo_likelihood(book, exact, h);
      for (const Real step : {0.9L, 0.99L, 1.01L, 1.1L}) {
        EXPECT_GT(best + 1e-4L * columns, loo_likelihood(book, exact, h * step)) << step;
      }
      const auto choice = kde::leave_one_out(pairs, local, columns, 1, 1, 1);
      Real constant = 0;  // from the whitened space to the rows'
      for (const Real value : oracle::symmetric_eigen(oracle::covariance(exact)).values)
        constant -= std::log(value) / 2;
      EXPECT_NEAR(choice.log_likelihood + static_cast<double>(constant), static_cast<double>(best),
                  1e-3 * static_cast<double>(columns));
      EXPECT_FALSE(choice.at_limit);
    }
  }
}

TEST(BandwidthTest, CopiesDoNotDrawTheBandwidthToZero) {
  const auto rows = gaussian(60, 3, 10);
  Embeddings twice(120, 3);
  for (std::size_t i = 0; i < 120; ++i) std::copy_n(rows.row(i / 2).data(), 3, twice.row(i).data());
  const auto factor = [](EmbeddingsView data) {
    // A spherical kernel of fixed size: the covariance's divisor differs between 60 rows and 120.
    const kde::PairDistances pairs(data);
    return kde::leave_one_out(pairs, {}, 3, 1, 1, 1).bandwidth;
  };
  EXPECT_NEAR(factor(twice) / factor(rows), 1, 1e-6);
}

TEST(BandwidthTest, CopiesAtTheOriginAreCopies) {
  // Where |a|^2 + |b|^2 is 0 nothing cancels. Distances, all of them exact, are the same away from there.
  const Embeddings rows({-2, -1, 0, 0, 0, 1, 2}, 7, 1);
  const auto moved = testing::map(rows, [](double x, std::size_t, std::size_t) { return x + 8; });
  const kde::PairDistances pairs(rows);
  const kde::PairDistances elsewhere(moved);
  EXPECT_EQ(kde::local_scales(pairs, 1, 1), kde::local_scales(elsewhere, 1, 1));
  const auto choice = kde::leave_one_out(pairs, {}, 1, 1, 1, 1);
  const auto expected = kde::leave_one_out(elsewhere, {}, 1, 1, 1, 1);
  EXPECT_EQ(choice.bandwidth, expected.bandwidth);
  EXPECT_EQ(choice.log_sums, expected.log_sums);
}

TEST(BandwidthTest, SumsOverManyPanelsAndCopies) {
  // Three panels of references, three of every four rows equal, and rows of their own width.
  const std::size_t n = 2 * kde::PairDistances::kReferences + 70;
  auto rows = gaussian(n, 2, 12);
  for (std::size_t i = 0; i < n; ++i) {
    if (i % 4 >= 2) std::copy_n(rows.row(i - 1).data(), 2, rows.row(i).data());
  }
  const kde::PairDistances pairs(rows);
  const auto local = kde::local_scales(pairs, 1, 1);
  const auto choice = kde::leave_one_out(pairs, local, 2, 0.2, 2, 1);
  const auto exact = oracle::to_rows(rows);
  const auto sample = sample_rows(n, kde::kLooRows, 0);
  ASSERT_EQ(choice.log_sums.size(), sample.size());
  for (std::size_t q = 0; q < sample.size(); q += 16) {
    Real sum = 0;
    for (std::size_t j = 0; j < n; ++j) {
      if (j == sample[q]) continue;
      const Real width = 2 * choice.bandwidth * local[j];
      sum += std::exp(-square_distance(exact[sample[q]], exact[j]) / (2 * width * width)) / (Real{local[j]} * local[j]);
    }
    EXPECT_NEAR(choice.log_sums[q], static_cast<double>(std::log(sum)), 1e-3) << q;
  }
}

TEST(BandwidthTest, TheLimitIsTold) {
  // Two far clusters of two rows: leaving one out, the other is near and all else far: the smallest h wins.
  const Embeddings rows({0, 1e-6F, 1, 1 + 1e-6F}, 4, 1);
  const kde::PairDistances pairs(rows);
  const auto choice = kde::leave_one_out(pairs, {}, 1, 1, 1, 1);
  EXPECT_TRUE(choice.at_limit);
  EXPECT_DOUBLE_EQ(choice.bandwidth, 1.0 / 16);
}

TEST(BandwidthTest, AMultipleOfLeaveOneOut) {
  const auto rows = correlated(70, 5, 0.9, 0, 9);
  const auto factor = [&](const Bandwidth& bandwidth) {
    GaussianKDE density({.bandwidth = bandwidth});
    density.fit(rows);
    return density.bandwidth_factor();
  };
  EXPECT_DOUBLE_EQ(factor(Bandwidth::loo(2)), 2 * factor(Bandwidth::loo()));
}

TEST(BandwidthTest, SumsWithoutARowsOwnKernelKeepItsCopies) {
  // 400 rows are more than the sample that tries the whole range and fewer than the one that chooses. Two are copies.
  for (const auto& [times, alpha] : {std::pair(1.0, 0.0), std::pair(2.0, 0.0), std::pair(1.0, 1.0)}) {
    SCOPED_TRACE("times " + std::to_string(times) + ", alpha " + std::to_string(alpha));
    auto rows = correlated(400, 6, 0.9, 0, 14);
    std::ranges::copy(rows.row(7), rows.row(311).begin());
    const kde::PairDistances pairs(rows);
    const auto local = kde::local_scales(pairs, alpha, 1);
    const auto choice = kde::leave_one_out(pairs, local, 6, 1, times, 1);
    ASSERT_EQ(choice.log_sums.size(), 400);
    const auto exact = oracle::to_rows(rows);
    for (std::size_t i = 0; i < 400; ++i) {
      Real sum = 0;
      for (std::size_t j = 0; j < 400; ++j) {
        const Real width = static_cast<Real>(times) * choice.bandwidth * local[j];
        if (j == i) continue;
        sum += std::pow(static_cast<Real>(local[j]), -6.0L) *
               std::exp(-square_distance(exact[i], exact[j]) / (2 * width * width));
      }
      // By the polynomial through five steps of du = log(2) / 8 in u = log h. Where one kernel rules the sum, its
      // exponent q exp(-2u) / 2 is met within (2 du)^5 / 5! * 3.7 of itself, 5e-6 (3.7: the most that the product of
      // distances to five nodes one apart can be). Where several do, the slope changes from one's to another's, by a
      // few nats over some steps: 1e-4 was seen, and 5e-4 is still nothing among the scores of 512 rows.
      const double expected = static_cast<double>(std::log(sum));
      EXPECT_NEAR(choice.log_sums[i], expected, 5e-4 + 5e-6 * std::abs(expected)) << i;
    }
  }
}

TEST(BandwidthTest, TheWindowMovesUntilTheBestIsInside) {
  // The rows that try the whole range lie in one narrow cluster, most of the others far apart: the best bandwidth of
  // all is far from theirs.
  const auto pilot = sample_rows(900, kde::kLooPilotRows, 0);
  auto rows = gaussian(900, 2, 15);
  for (const std::size_t i : pilot) {
    for (float& x : rows.row(i)) x *= 1e-2F;
  }
  const kde::PairDistances pairs(rows);
  const auto choice = kde::leave_one_out(pairs, {}, 2, 0.3, 1, 1);
  const auto exact = oracle::to_rows(rows);
  const auto chosen = sample_rows(900, kde::kLooRows, 0);
  const auto likelihood = [&](Real h) {
    Real total = 0;
    for (const std::size_t i : chosen) {
      Real sum = 0;
      for (std::size_t j = 0; j < exact.size(); ++j) {
        if (j != i) sum += std::exp(-square_distance(exact[i], exact[j]) / (2 * h * h));
      }
      total += std::log(sum);
    }
    return total / static_cast<Real>(chosen.size()) - 2 * std::log(h);
  };
  const Real h = choice.bandwidth;
  EXPECT_GT(likelihood(h) + 1e-4L, likelihood(h * 1.1L));
  EXPECT_GT(likelihood(h) + 1e-4L, likelihood(h / 1.1L));
}

TEST(BandwidthTest, DistancesOfEveryPair) {
  // Sizes around whole panels of rows, blocks of queries and references; far clusters, where digits cancel; copies.
  for (const std::size_t count : {std::size_t{2}, std::size_t{49}, std::size_t{961}, std::size_t{1930}}) {
    for (const std::size_t columns : {std::size_t{1}, std::size_t{7}, std::size_t{129}}) {
      SCOPED_TRACE(std::to_string(count) + " x " + std::to_string(columns));
      auto rows = gaussian(count, columns, 16);
      for (std::size_t i = 0; i < count; i += 3) {
        for (float& x : rows.row(i)) x = 1e4F + x;
      }
      if (count > 2) std::ranges::copy(rows.row(0), rows.row(count - 1).begin());
      const kde::PairDistances pairs(rows);
      std::vector<std::size_t> queries;
      for (std::size_t i = 0; i < count; i += count / 49 + 1) queries.push_back(i);
      const auto exact = oracle::to_rows(rows);
      std::vector<std::size_t> seen(queries.size());
      kde::for_each_panel(
          pairs, queries, 2, [&](std::size_t q, std::size_t first, std::size_t n, const double* squares, std::size_t) {
            ASSERT_EQ(first, seen[q]);
            seen[q] += n;
            for (std::size_t r = 0; r < n; ++r) {
              const auto expected = static_cast<double>(square_distance(exact[queries[q]], exact[first + r]));
              if (expected == 0) {
                ASSERT_EQ(squares[r], kde::PairDistances::kCopy);
              } else {
                ASSERT_NEAR(squares[r], expected, 1e-7 * expected);
              }
            }
          });
      for (const std::size_t n : seen) EXPECT_EQ(n, count);
    }
  }
}

// ---- local widths ----

TEST(BandwidthTest, LocalFactorsAreOfTheFifthNeighbour) {
  const auto rows = correlated(80, 3, 0.8, 0, 11);
  const auto exact = oracle::to_rows(rows);
  const auto widths = kde::local_scales(kde::PairDistances(rows), 0.5, 1);
  std::vector<Real> expected;
  Real mean = 0;
  for (const auto& row : exact) {
    std::vector<Real> squares;
    for (const auto& other : exact) {
      if (&other != &row) squares.push_back(square_distance(row, other));
    }
    std::sort(squares.begin(), squares.end());
    expected.push_back(std::log(squares[4]) / 4);
    mean += expected.back() / 80;
  }
  for (std::size_t i = 0; i < widths.size(); ++i) {
    EXPECT_NEAR(widths[i], static_cast<double>(std::exp(expected[i] - mean)), 1e-6) << i;
  }
}

TEST(BandwidthTest, OfFewerNeighboursTheFarthestCounts) {
  const Embeddings rows({0, 0, 0, 1, 3}, 5, 1);  // three copies
  const auto widths = kde::local_scales(kde::PairDistances(rows), 1, 1);
  EXPECT_NEAR(widths[1], widths[0], 1e-12);
  EXPECT_NEAR(widths[3] / widths[0], 2.0 / 3, 1e-7);
  EXPECT_NEAR(widths[4] / widths[0], 1, 1e-7);
}

TEST(BandwidthTest, NeighboursAreLookedForInASample) {
  const std::size_t count = 2 * kde::kNeighbourRows;
  const auto rows = gaussian(count, 3, 17);
  const auto sample = sample_rows(count, kde::kNeighbourRows, 0);
  const auto exact = oracle::to_rows(rows);
  const auto widths = kde::local_scales(kde::PairDistances(rows), 1, 2);
  const auto distance = [&](std::size_t row) {
    std::vector<Real> squares;
    for (const std::size_t i : sample) {
      if (i != row) squares.push_back(square_distance(exact[row], exact[i]));
    }
    std::nth_element(squares.begin(), squares.begin() + 4, squares.end());
    return std::sqrt(squares[4]);
  };
  for (std::size_t i = 1; i < count; i += 37) {
    EXPECT_NEAR(widths[i] / widths[0], static_cast<double>(distance(i) / distance(0)), 1e-6 * widths[i] / widths[0]);
  }
}

TEST(BandwidthTest, NearCopiesHaveNoKernelOfTheirOwnSize) {
  // Six rows within 1e-6 of each other, the others some units apart: their widths are 1 % of the median's.
  auto rows = gaussian(61, 2, 18);
  for (std::size_t i = 0; i < 6; ++i) {
    for (float& x : rows.row(i)) x = 1 + 1e-6F * x;
  }
  auto widths = kde::local_scales(kde::PairDistances(rows), 1, 1);
  const double narrow = widths[0];
  for (std::size_t i = 1; i < 6; ++i) EXPECT_EQ(widths[i], narrow);
  std::nth_element(widths.begin(), widths.begin() + 30, widths.end());
  EXPECT_NEAR(narrow / widths[30], kde::kMinDistance, 1e-12);
}

TEST(BandwidthTest, LocalDensityMatchesTheFormula) {
  for (const std::size_t columns : {std::size_t{1}, std::size_t{5}, std::size_t{40}}) {
    const auto rows = correlated(90, columns, 0.9, 1, 12);
    const auto exact = oracle::to_rows(rows);
    const auto covariance = shrunk_covariance(exact, 0);
    const Book plain(exact, covariance, 1);
    const auto local = kde::local_scales(kde::PairDistances(to_float(plain.whitened())), 1, 1);
    GaussianKDE density({.bandwidth = 0.5, .local_alpha = 1});
    density.fit(rows);
    const auto queries = queries_around(rows);
    expect_like_the_book(density.log_density(queries), Book(exact, covariance, 0.5L, local), queries);
  }
}

}  // namespace
}  // namespace kernad
