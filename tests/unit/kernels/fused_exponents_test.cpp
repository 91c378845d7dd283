// The exponents that the float32 loops rank and sum, in every form and on every target, compared with long double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "kernels/kernels.hpp"
#include "kernels/references.hpp"
#include "support/data.hpp"

namespace kernad::kernels {
namespace {

using testing::gaussian;

enum class Form { expanded, difference, adaptive };

/// Some references with scales of their own, and as many queries as the kernels take at once.
struct Problem {
  Problem(std::size_t count, std::size_t k, std::size_t width, Form of)
      : form(of),
        rows(gaussian(count, k, count)),
        packed(pack_references(rows)),
        queries(gaussian(width, k, 99)),
        scale(packed.tiles * kTileRows),
        bias((form == Form::expanded ? packed.expanded_bias : packed.difference_bias)) {
    for (std::size_t i = 0; i < count; ++i) scale[i] = 0.2F + 0.1F * static_cast<float>(i % 11);
  }

  [[nodiscard]] FusedTiles tiles() const {
    return {packed.tile(0), bias.data(), form == Form::adaptive ? scale.data() : nullptr, packed.tiles,
            packed.dimension};
  }
  [[nodiscard]] const FusedKernels& kernels(const KernelTable& table) const {
    return form == Form::expanded ? table.expanded : form == Form::difference ? table.difference : table.adaptive;
  }
  /// Queries first .. first + width - 1 side by side.
  [[nodiscard]] AlignedVector<float> side_by_side(std::size_t first, std::size_t width) const {
    AlignedVector<float> values(packed.dimension * width);
    for (std::size_t q = 0; q < width; ++q) {
      for (std::size_t d = 0; d < packed.dimension; ++d) values[d * width + q] = queries(first + q, d);
    }
    return values;
  }
  /// The exponent of a pair, and by how much float32 may miss it.
  [[nodiscard]] std::pair<long double, long double> exact(std::size_t q, std::size_t i) const {
    long double sum = 0;
    long double size = 0;
    for (std::size_t d = 0; d < packed.dimension; ++d) {
      const long double a = queries(q, d);
      const long double b = rows(i, d);
      const long double term = form == Form::expanded ? a * b : (a - b) * (a - b);
      sum += term;
      size += std::abs(term);
    }
    const long double scaled = form == Form::expanded     ? 1
                               : form == Form::difference ? -0.5L * std::numbers::log2e_v<long double>
                                                          : -static_cast<long double>(scale[i]);
    const auto k = static_cast<long double>(packed.dimension);
    size = std::abs(scaled) * size + std::abs(static_cast<long double>(bias[i]));
    return {scaled * sum + bias[i], 0x1p-24L * (k + 4) * size + 1e-30L};
  }

  Form form;
  Embeddings rows;
  PackedReferences packed;
  Embeddings queries;
  AlignedVector<float> scale;
  AlignedVector<float> bias;
};

class FusedOnEachTarget : public ::testing::TestWithParam<std::string> {
 protected:
  const KernelTable& kernels_ = for_target(GetParam());

  template <typename Check>
  void for_each_problem(const Check& check) const {
    for (const Form form : {Form::expanded, Form::difference, Form::adaptive}) {
      for (const std::size_t k : {1, 3, 16, 17, 100}) {
        for (const std::size_t count : {1, 16, 33, 130, 150}) {
          SCOPED_TRACE(std::to_string(k) + " dimensions, " + std::to_string(count) + " references");
          check(Problem(count, k, kernels_.fused_width, form));
        }
      }
    }
  }

  [[nodiscard]] AlignedVector<float> exponents(const Problem& problem, std::size_t q) const {
    AlignedVector<float> found(problem.packed.tiles * kTileRows, -1.0F);
    const auto values = problem.side_by_side(q, 1);
    const float none = 0;
    problem.kernels(kernels_).exponents({values.data(), &none, found.data(), 1}, problem.tiles());
    return found;
  }
};
INSTANTIATE_TEST_SUITE_P(Targets, FusedOnEachTarget, ::testing::ValuesIn(available_targets()),
                         [](const auto& each) { return each.param; });

TEST_P(FusedOnEachTarget, ExponentsMatchLongDouble) {
  for_each_problem([&](const Problem& problem) {
    const auto found = exponents(problem, 0);
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (i >= problem.rows.rows()) {
        EXPECT_LE(found[i], 0.9F * kPadding) << "a slot without a reference";
        continue;
      }
      const auto [value, error] = problem.exact(0, i);
      EXPECT_LE(std::abs(found[i] - value), error) << i;
    }
  });
}

TEST_P(FusedOnEachTarget, TheLargestExponentIsOneOfThemAloneAndInAGroup) {
  for_each_problem([&](const Problem& problem) {
    const std::size_t width = kernels_.fused_width;
    const std::vector<float> none(width);
    AlignedVector<float> together(width, 7.0F);  // earlier contents must not matter
    const auto values = problem.side_by_side(0, width);
    problem.kernels(kernels_).max({values.data(), none.data(), together.data(), width}, problem.tiles());
    for (std::size_t q = 0; q < width; ++q) {
      const auto all = exponents(problem, q);
      float alone = 7;
      const auto one = problem.side_by_side(q, 1);
      problem.kernels(kernels_).max({one.data(), none.data(), &alone, 1}, problem.tiles());
      EXPECT_EQ(alone, *std::max_element(all.begin(), all.end()));
      EXPECT_EQ(together[q], alone);
    }
  });
}

TEST_P(FusedOnEachTarget, SumsAreOfTheExponents) {
  for_each_problem([&](const Problem& problem) {
    if (problem.packed.dimension > 20) return;  // below what float32 holds without a shift
    const auto values = problem.side_by_side(0, 1);
    const float none = 0;
    AlignedVector<float> lanes(kTileRows);
    problem.kernels(kernels_).sum({values.data(), &none, lanes.data(), 1}, problem.tiles());
    double sum = 0;
    for (const float lane : lanes) sum += static_cast<double>(lane);
    double expected = 0;
    for (const float exponent : exponents(problem, 0)) expected += std::exp2(static_cast<double>(exponent));
    // 3e-6 of the exponential, and ten additions a lane.
    EXPECT_NEAR(sum, expected, 4e-6 * expected);
  });
}

}  // namespace
}  // namespace kernad::kernels
