// Moments without rounding: the same bits for any order and division, and the values that long double has.
#include "linalg/exact_moments.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "support/data.hpp"

namespace kernad::linalg {
namespace {

using testing::correlated;
using testing::map;

struct ExactCase {
  std::string name;
  Embeddings data;
};

std::vector<ExactCase> exact_cases() {
  const auto plain = correlated(700, 53, 0.9, 1, 1);
  std::vector<ExactCase> all{{"plain", plain}, {"two_rows", correlated(2, 5, 1, 1, 2)}};
  const auto changed = [&](const char* name, const auto& change) { all.push_back({name, map(plain, change)}); };
  changed("far_from_the_origin", [](double x, auto, auto) { return x + 1e6; });
  changed("outlier", [](double x, std::size_t i, auto) { return i == 350 ? 1e30 * x : x; });
  changed("denormal", [](double x, auto, auto) { return 1e-42 * x; });
  changed("largest", [](double x, auto, auto) { return x < 0 ? -3.4e38 : 3.4e38; });
  changed("all_magnitudes", [](double x, std::size_t i, std::size_t j) {
    return x * std::pow(10, static_cast<double>((7 * i + j) % 70) - 38);
  });
  return all;
}

/// Everything that two moments can differ in.
void expect_equal(const ExactMoments& a, const ExactMoments& b) {
  EXPECT_EQ(a.count(), b.count());
  EXPECT_TRUE(std::ranges::equal(a.low(), b.low()));
  EXPECT_TRUE(std::ranges::equal(a.high(), b.high()));
  for (int p = PositionalSums::kLowest; p <= PositionalSums::kHighest; ++p) {
    EXPECT_EQ(a.sums().at(p), b.sums().at(p)) << p;
    EXPECT_EQ(a.products().at(p), b.products().at(p)) << p;
  }
}

class ExactMomentsTest : public ::testing::TestWithParam<ExactCase> {};

INSTANTIATE_TEST_SUITE_P(Cases, ExactMomentsTest, ::testing::ValuesIn(exact_cases()),
                         [](const auto& param) { return param.param.name; });

TEST_P(ExactMomentsTest, DoNotDependOnOrderAndDivision) {
  const EmbeddingsView rows = GetParam().data;
  ExactMoments whole(rows.cols());
  whole.add(rows, {}, 1);
  std::mt19937_64 engine(7);
  std::vector<ExactMoments> parts;
  for (std::size_t begin = 0; begin < rows.rows();) {
    const std::size_t count = std::min<std::size_t>(1 + engine() % 200, rows.rows() - begin);
    parts.emplace_back(rows.cols());
    parts.back().add(rows.middle_rows(begin, count), {}, 1);
    begin += count;
  }
  std::ranges::shuffle(parts, engine);
  ExactMoments merged(rows.cols());
  for (const auto& part : parts) merged.merge(part);
  expect_equal(whole, merged);
}

TEST_P(ExactMomentsTest, AreThoseOfTheRows) {
  const Embeddings& rows = GetParam().data;
  ExactMoments exact(rows.cols());
  exact.add(rows.view(), {}, 1);
  const RowMoments found = rounded(exact, {}, rows.rows(), 1);
  const auto count = static_cast<long double>(rows.rows());
  std::vector<long double> mean(rows.cols());
  for (std::size_t j = 0; j < rows.cols(); ++j) {
    // In the order of size, for a sum to the last bits of a long double even where magnitudes differ.
    std::vector<long double> values;
    for (std::size_t i = 0; i < rows.rows(); ++i) values.push_back(rows(i, j));
    std::ranges::sort(values, [](long double a, long double b) { return std::abs(a) < std::abs(b); });
    long double size = 0;
    for (const long double x : values) mean[j] += x;
    for (const long double x : values) size += std::abs(x);
    mean[j] /= count;
    EXPECT_LE(std::abs(found.columns.mean[j] - mean[j]), 1e-15L * size / count) << j;
  }
  for (std::size_t a = 0; a < rows.cols(); ++a) {
    for (std::size_t b = a; b < rows.cols(); ++b) {
      long double sum = 0;
      long double size = 0;
      for (std::size_t i = 0; i < rows.rows(); ++i) {
        const long double term = (rows(i, a) - mean[a]) * (rows(i, b) - mean[b]);
        sum += term;
        size += std::abs(term);
      }
      EXPECT_LE(std::abs(found.scatter[b * rows.cols() + a] - sum), 1e-14L * size) << a << ", " << b;
    }
  }
}

TEST_P(ExactMomentsTest, RowsAreTakenOutAgain) {
  const EmbeddingsView rows = GetParam().data;
  const std::size_t half = rows.rows() / 2;
  ExactMoments first(rows.cols());
  first.add(rows.middle_rows(0, half), {}, 1);
  ExactMoments whole(rows.cols());
  whole.add(rows, {}, 1);
  whole.subtract(rows.middle_rows(half, rows.rows() - half), 1);
  for (int p = PositionalSums::kLowest; p <= PositionalSums::kHighest; ++p) {
    EXPECT_EQ(whole.sums().at(p), first.sums().at(p)) << p;
    EXPECT_EQ(whole.products().at(p), first.products().at(p)) << p;
  }
}

TEST(ExactMoments, DoNotDependOnThreadsAndMarks) {
  const auto rows = correlated(9000, 7, 0.5, 1, 3);
  std::vector<std::uint8_t> left_out(rows.rows());
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    left_out[i] = i % 3 == 0 ? 1 : 0;
    if (left_out[i] == 0) kept.push_back(i);
  }
  Embeddings others(kept.size(), rows.cols());
  for (std::size_t i = 0; i < kept.size(); ++i) std::ranges::copy(rows.row(kept[i]), others.row(i).begin());
  ExactMoments marked(rows.cols());
  marked.add(rows.view(), left_out, 4);
  ExactMoments plain(rows.cols());
  plain.add(others.view(), {}, 1);
  expect_equal(marked, plain);
}

TEST(ExactMoments, ADoubleFarFromZeroKeepsItsVariance) {
  Matrix<double> rows(1000, 1);
  std::mt19937_64 engine(1);
  for (std::size_t i = 0; i < rows.rows(); ++i) rows(i, 0) = 1.7e9 + 1e-6 * static_cast<double>(engine() % 1000);
  long double mean = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) mean += rows(i, 0) - 1.7e9L;
  mean /= 1000;
  long double squares = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    squares += (rows(i, 0) - 1.7e9L - mean) * (rows(i, 0) - 1.7e9L - mean);
  }
  ExactMoments exact(1);
  exact.add(rows.view(), {}, 1);
  EXPECT_LE(std::abs(rounded(exact, {}, 1000, 1).scatter[0] - squares), 1e-12L * squares);
}

TEST(ExactMoments, AConstantColumnHasItsValueAndNoScatter) {
  Embeddings rows(200, 2);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    rows(i, 0) = 0.1F;
    rows(i, 1) = static_cast<float>(i);
  }
  ExactMoments exact(2);
  exact.add(rows.view(), {}, 1);
  const RowMoments found = rounded(exact, {}, 200, 1);
  EXPECT_EQ(found.columns.mean[0], double{0.1F});
  EXPECT_EQ(found.columns.largest[0], 0);
  EXPECT_EQ(found.scatter, (std::vector<double>{0, 0, 0, found.scatter[3]}));
}

TEST(PositionalSums, CarryIsTheOneFormOfAValue) {
  PositionalSums ones(1);
  const double one = 1;
  for (int i = 0; i < 500; ++i) ones.add(0, 0, &one, 1);
  ones.carry();
  PositionalSums once(1);
  const double largest = 0x1p53;
  const double negative = 500 - 0x1p53;
  once.add(0, 0, &largest, 1);
  once.add(0, 0, &negative, 1);
  once.carry();
  EXPECT_EQ(ones.digits(0), once.digits(0));
  EXPECT_EQ(to_double(ones.digits(0)), 500);
}

}  // namespace
}  // namespace kernad::linalg
