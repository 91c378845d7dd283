// The part of a row that principal axes leave out, and the part along axes of next to no variance.
#include "pca/residual.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "support/data.hpp"

namespace kernad::pca {
namespace {

using testing::correlated;
using testing::gaussian;

State fitted(EmbeddingsView rows, std::size_t components, std::vector<double> column_scale = {}) {
  return fit(linalg::Rows<float>(rows), components, {std::move(column_scale), false}, 1);
}

std::vector<double> squares(const Residual& residual, EmbeddingsView rows) {
  std::vector<double> result(rows.rows());
  Residual::Scratch scratch(residual, rows.rows());
  residual.squares(kernels::active(), rows, result.data(), scratch);
  return result;
}

/// |z - V V^T z|^2 in long double.
double outside_exactly(const State& state, std::span<const float> row) {
  const std::size_t columns = row.size();
  const auto scale = [&](std::size_t d) { return state.column_scale.empty() ? 1.0L : state.column_scale[d]; };
  std::vector<long double> along(state.singular_vectors.cols());
  for (std::size_t d = 0; d < columns; ++d) {
    for (std::size_t j = 0; j < along.size(); ++j) {
      along[j] += (static_cast<long double>(row[d]) - state.mean[d]) * state.singular_vectors(d, j);
    }
  }
  long double square = 0;
  for (std::size_t d = 0; d < columns; ++d) {
    long double left = (static_cast<long double>(row[d]) - state.mean[d]) * scale(d);
    for (std::size_t j = 0; j < along.size(); ++j) left -= state.singular_vectors(d, j) / scale(d) * along[j];
    square += left * left;
  }
  return static_cast<double>(square);
}

TEST(ResidualTest, IsTheSquaredLengthOutsideTheAxes) {
  const auto train = correlated(100, 21, 0.9, 4, 1);
  for (const bool standardised : {false, true}) {
    std::vector<double> scale;
    for (std::size_t d = 0; standardised && d < 21; ++d) scale.push_back(0.5 + static_cast<double>(d % 3));
    for (const std::size_t components : {1U, 5U, 20U}) {
      const State state = fitted(train, components, scale);
      const Residual residual = Residual::outside(state);
      EXPECT_EQ(residual.axes(), 0U);
      const auto queries = correlated(7, 21, 0.9, 4, 2);
      const auto got = squares(residual, queries);
      for (std::size_t i = 0; i < got.size(); ++i) {
        const double expected = outside_exactly(state, queries.view().row(i));
        EXPECT_NEAR(got[i], expected, 1e-12 * expected) << components;
        EXPECT_EQ(squares(residual, queries.view().middle_rows(i, 1))[0], got[i]) << "whatever the rows beside it";
      }
    }
  }
}

// A difference of squares would leave 1e12 * 2^-53 * 21 of it, which is more than the residual of a normal row.
TEST(ResidualTest, DoesNotCancelFarAlongTheAxes) {
  const State state = fitted(correlated(100, 21, 0.5, 0, 1), 5);
  Embeddings far(1, 21);
  for (std::size_t d = 0; d < 21; ++d) far(0, d) = static_cast<float>(1e6 * state.singular_vectors(d, 0));
  far(0, 3) += 1;
  const double expected = outside_exactly(state, far.view().row(0));
  EXPECT_NEAR(squares(Residual::outside(state), far)[0], expected, 1e-9 * expected);
}

TEST(ResidualTest, RoundingIsNone) {
  // A third column that is the sum of two, rounded to float32.
  const auto dependent = [](std::uint64_t seed) {
    auto rows = gaussian(50, 3, seed);
    for (std::size_t i = 0; i < 50; ++i) rows(i, 2) = 1000 + rows(i, 0) + rows(i, 1);
    return rows;
  };
  const Residual residual = Residual::outside(fitted(dependent(1), 2));
  for (const double square : squares(residual, dependent(2))) EXPECT_EQ(square, 0);
  Embeddings far({3e38F, 0, 3e38F}, 1, 3);
  far(0, 1) = -3e38F;
  EXPECT_TRUE(std::isfinite(squares(residual, far)[0]));
}

TEST(ResidualTest, ColumnsExplainIt) {
  const auto train = correlated(200, 6, 0.3, 5, 1);
  const auto query = gaussian(1, 6, 3);
  const State some = fitted(train, 4);
  const State all = fitted(train, 6);
  for (const auto& residual : {Residual::outside(some), Residual::along_last(all, 2, 200)}) {
    const auto [moved, shares] = residual.explain(query.view().row(0));
    EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-12);
    Embeddings without = query;
    for (std::size_t d = 0; d < 6; ++d) without(0, d) -= static_cast<float>(moved[d]);
    EXPECT_LT(squares(residual, without)[0], 1e-9 * squares(residual, query)[0]);
  }
}

TEST(ResidualTest, AlongFaintAxesInTheirDeviations) {
  // Sums of 100 but for 0.03: one axis of three standardised columns has a variance of 1e-5 or so.
  auto rows = testing::map(gaussian(400, 3, 4), [](double x, auto, auto) { return 30 + 5 * x; });
  const auto noise = gaussian(400, 1, 5);
  for (std::size_t i = 0; i < 400; ++i) rows(i, 2) = 100 - rows(i, 0) - rows(i, 1) + 0.03F * noise(i, 0);
  const State state = fitted(rows, 3, {0.2, 0.2, 0.14});
  ASSERT_EQ(faint_axes(state, 400), 1U);
  EXPECT_EQ(faint_axes(state, 7), 0U) << "fewer than twice as many rows as columns";
  EXPECT_EQ(faint_axes(fitted(gaussian(400, 3, 4), 3), 400), 0U);
  const Residual residual = Residual::along_last(state, 1, 400);
  EXPECT_EQ(residual.axes(), 1U);
  const auto got = squares(residual, rows);
  // The variance of the training rows along the axis is its unit.
  EXPECT_NEAR(std::accumulate(got.begin(), got.end(), 0.0) / 400, 1, 1e-6);
  rows(0, 0) += 1;
  EXPECT_GT(squares(residual, rows)[0], 400) << "33 standard deviations of the noise, of one column in three";
}

}  // namespace
}  // namespace kernad::pca
