// Every kernel on every target that this machine can run, against plain loops in long double.
#include "kernels/kernels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "kernad/error.hpp"
#include "kernels/projection.hpp"
#include "kernels/references.hpp"
#include "reference/oracle.hpp"
#include "support/data.hpp"

namespace kernad::kernels {
namespace {

using testing::gaussian;

class EachTarget : public ::testing::TestWithParam<std::string> {
 protected:
  const KernelTable& kernels_ = for_target(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Targets, EachTarget, ::testing::ValuesIn(available_targets()),
                         [](const auto& each) { return each.param; });

TEST(KernelTargetsTest, TheNamedTargetIsTheOneThatRuns) {
  ASSERT_FALSE(available_targets().empty());
  for (const auto& name : available_targets()) EXPECT_EQ(for_target(name).target, name);
  const char* forced = std::getenv("KERNAD_TARGET");
  EXPECT_EQ(active().target, forced != nullptr ? std::string(forced) : available_targets().front());
}

TEST(KernelTargetsTest, UnknownTargetListsTheKnown) {
  try {
    (void)for_target("mmx");
    FAIL();
  } catch (const InvalidParameter& error) {
    EXPECT_NE(std::string(error.what()).find("'mmx'"), std::string::npos);
    for (const auto& name : available_targets()) EXPECT_NE(std::string(error.what()).find(name), std::string::npos);
  }
}

TEST_P(EachTarget, ProjectionMatchesAPlainProduct) {
  for (const std::size_t inputs : {1, 3, 16, 17, 100}) {
    for (const std::size_t outputs : {1, 7, 8, 15, 16, 17, 33}) {
      const auto x = gaussian(9, inputs, inputs);
      Matrix<double> a(inputs, outputs);
      testing::Random random(outputs);
      std::vector<double> mean(inputs);
      for (double& m : mean) m = random.normal();
      for (std::size_t i = 0; i < inputs; ++i) {
        for (double& value : a.row(i)) value = random.normal();
      }
      const Projection projection(mean, a);
      AlignedVector<double> out(x.rows() * projection.output_stride());
      AlignedVector<double> scratch(projection.scratch_size());
      projection.apply(kernels_, x, out.data(), scratch.data());
      for (std::size_t i = 0; i < x.rows(); ++i) {
        for (std::size_t j = 0; j < projection.output_stride(); ++j) {
          long double expected = 0;
          long double magnitude = 0;
          for (std::size_t d = 0; d < inputs && j < outputs; ++d) {
            const long double term = (static_cast<long double>(x(i, d)) - mean[d]) * a(d, j);
            expected += term;
            magnitude += std::abs(term);
          }
          // inputs + 1 roundings, each of at most 2^-53 of the sum of magnitudes.
          const auto bound = static_cast<double>(magnitude) * static_cast<double>(inputs + 2) * 0x1p-53;
          EXPECT_NEAR(out[i * projection.output_stride() + j], static_cast<double>(expected), bound)
              << inputs << " x " << outputs;
        }
      }
    }
  }
}

TEST_P(EachTarget, DiagonalProjectionHasTheBitsOfTheProduct) {
  constexpr std::size_t kSize = 5;
  const auto x = gaussian(9, kSize, 3);
  // Diagonal; with one entry above; with one below. With a further column of zeros it is not square, and needs a
  // product.
  for (const auto& [row, column] : {std::pair(0, 0), std::pair(1, 3), std::pair(3, 1)}) {
    SCOPED_TRACE(std::to_string(row) + ", " + std::to_string(column));
    Matrix<double> square(kSize, kSize);
    for (std::size_t d = 0; d < kSize; ++d) square(d, d) = d == 2 ? 0.0 : -0.7 * static_cast<double>(d + 1);
    square(row, column) = 0.3;
    Matrix<double> wide(kSize, kSize + 1);
    for (std::size_t d = 0; d < kSize; ++d) std::copy_n(square.row(d).data(), kSize, wide.row(d).data());
    const std::vector<double> mean(kSize, 0.25);
    const auto bits = [&](const Projection& projection) {
      AlignedVector<double> out(x.rows() * projection.output_stride(), 7.0);  // 7: must be overwritten
      AlignedVector<double> scratch(projection.scratch_size());
      projection.apply(kernels_, x, out.data(), scratch.data());
      std::vector<std::uint64_t> result(out.size());
      std::transform(out.begin(), out.end(), result.begin(), [](double v) { return std::bit_cast<std::uint64_t>(v); });
      return result;
    };
    EXPECT_EQ(bits(Projection(mean, square)), bits(Projection(mean, wide)));
  }
}

TEST_P(EachTarget, ProjectionOfARowDoesNotDependOnItsNeighbours) {
  const auto x = gaussian(11, 40, 1);
  Matrix<double> a(40, 5);
  testing::Random random(2);
  for (std::size_t i = 0; i < 40; ++i) {
    for (double& value : a.row(i)) value = random.normal();
  }
  const Projection projection(std::vector<double>(40, 0.25), a);
  const std::size_t stride = projection.output_stride();
  AlignedVector<double> scratch(projection.scratch_size());
  AlignedVector<double> together(x.rows() * stride);
  projection.apply(kernels_, x, together.data(), scratch.data());
  for (std::size_t i = 0; i < x.rows(); ++i) {
    AlignedVector<double> alone(stride);
    projection.apply(kernels_, x.view().middle_rows(i, 1), alone.data(), scratch.data());
    for (std::size_t j = 0; j < stride; ++j) EXPECT_EQ(alone[j], together[i * stride + j]);
  }
}

TEST_P(EachTarget, ExactSumMatchesLongDouble) {
  for (const std::size_t dimension : {1, 2, 3, 7, 8, 9, 15, 16, 17, 64}) {
    for (const std::size_t count : {1, 2, 15, 16, 17, 100, 512}) {
      const auto references = gaussian(count, dimension, count);
      const auto packed = pack_references(references);
      for (const double sigma : {0.1, 1.0, 30.0, 1e4, 1e15, 1e100}) {
        testing::Random random(7);
        std::vector<double> query(dimension);
        for (double& x : query) x = sigma * random.normal();
        const auto result = kernels_.log_sum_exact(query.data(), packed.tile(0), packed.difference_bias.data(),
                                                   packed.tiles, dimension);
        const auto expected = oracle::log_mean_kernel({query.begin(), query.end()}, oracle::to_rows(references)) +
                              std::log(static_cast<long double>(count));
        // exp2 in float32 is accurate to 3e-7; the exponent to (dimension + 4) roundings of 2^-53.
        const double bound = 5e-7 + static_cast<double>(std::abs(expected) * (dimension + 4) * 0x1p-53L);
        EXPECT_NEAR(result.max + std::log(result.sum), static_cast<double>(expected), bound)
            << dimension << " dimensions, " << count << " references, " << sigma << " sigma";
      }
    }
  }
}

TEST_P(EachTarget, PlacesWithoutAReferenceDoNotCountWhereTheyAreNearest) {
  const auto packed = pack_references(Embeddings({2.0F}, 1, 1));  // and 15 slots that hold zeros
  for (double query = -1; query > -1e30; query *= 1.05) {
    const auto result = kernels_.log_sum_exact(&query, packed.tile(0), packed.difference_bias.data(), 1, 1);
    EXPECT_EQ(result.max, -0.5 * (query - 2) * (query - 2));
    EXPECT_EQ(result.sum, 1) << query;
  }
}

/// Sums of queries by a fused kernel, in units of the sum over references of exp(-|q - r|^2 / 2).
std::vector<double> fused_sums(const KernelTable& kernels, bool expanded, const Embeddings& queries,
                               const PackedReferences& references, std::size_t width) {
  const std::size_t dimension = references.dimension;
  AlignedVector<float> values(dimension * width);
  AlignedVector<float> lanes(width * kTileRows);
  std::vector<float> bias(width);
  for (std::size_t q = 0; q < width; ++q) {
    double square = 0;
    for (std::size_t d = 0; d < dimension; ++d) {
      const auto x = static_cast<double>(queries(q, d));
      values[d * width + q] = static_cast<float>(expanded ? x * std::numbers::log2e : x);
      square += x * x;
    }
    bias[q] = static_cast<float>(expanded ? -0.5 * std::numbers::log2e * square : 0);
  }
  const float* tile_bias = (expanded ? references.expanded_bias : references.difference_bias).data();
  (expanded ? kernels.expanded : kernels.difference)
      .sum({values.data(), bias.data(), lanes.data(), width},
           {references.tile(0), tile_bias, nullptr, references.tiles, dimension});
  std::vector<double> sums(width);
  for (std::size_t q = 0; q < width; ++q) {
    for (std::size_t lane = 0; lane < kTileRows; ++lane) sums[q] += static_cast<double>(lanes[q * kTileRows + lane]);
  }
  return sums;
}

TEST_P(EachTarget, LocalSumMatchesLongDouble) {
  for (const std::size_t dimension : {1, 3, 16, 17, 64}) {
    for (const std::size_t count : {1, 15, 16, 33, 512}) {
      const auto references = gaussian(count, dimension, count);
      const auto packed = pack_references(references);
      AlignedVector<double> scale(packed.tiles * kTileRows);
      AlignedVector<double> bias(packed.tiles * kTileRows, kNoReference);
      testing::Random random(9);
      for (std::size_t i = 0; i < count; ++i) {
        scale[i] = std::exp(2 * random.normal());
        bias[i] = 300 * random.normal();
      }
      for (const double sigma : {1.0, 1e4, 1e100}) {
        oracle::Vector query;
        std::vector<double> values;
        for (std::size_t d = 0; d < dimension; ++d) {
          values.push_back(sigma * random.normal());
          query.push_back(values.back());
        }
        std::vector<long double> exponents;
        for (std::size_t i = 0; i < count; ++i) {
          long double square = 0;
          for (std::size_t d = 0; d < dimension; ++d) {
            const long double difference = query[d] - static_cast<long double>(references(i, d));
            square += difference * difference;
          }
          exponents.push_back(std::numbers::ln2_v<long double> * (bias[i] - scale[i] * square));
        }
        const long double most = *std::max_element(exponents.begin(), exponents.end());
        long double sum = 0;
        for (const long double x : exponents) sum += std::exp(x - most);
        const auto expected = static_cast<double>(most + std::log(sum));
        const auto result = kernels_.log_sum_adaptive(values.data(), packed.values.data(), scale.data(), bias.data(),
                                                      packed.tiles, dimension);
        // 2^x of degree 6: 3e-7. Exponents in double: dimension + 4 roundings of their magnitude.
        const double bound = 1e-6 + (static_cast<double>(dimension) + 4) * 0x1p-52 * std::abs(expected);
        EXPECT_NEAR(result.max + std::log(result.sum), expected, bound) << dimension << ' ' << count << ' ' << sigma;
      }
    }
  }
}

TEST_P(EachTarget, SumsAtManyScalesMatchLongDouble) {
  for (const std::size_t count : {16, 48, 1024}) {
    AlignedVector<double> squares(count);
    AlignedVector<float> bias(count);
    testing::Random random(count);
    for (std::size_t i = 0; i < count; ++i) {
      squares[i] = 50 + 40 * random.normal() * random.normal();
      squares[i] = std::max(squares[i], 0.0);
      bias[i] = static_cast<float>(3 * random.normal());
    }
    squares[1] = 1e200;  // what stands for a row itself
    const std::vector<double> scales = {1e-3, 0.1, 0.5, 7.0, 300.0};
    std::vector<LogSumExp> sums(scales.size());
    kernels_.log_sum_scales(squares.data(), bias.data(), count, scales.data(), scales.size(), sums.data());
    for (std::size_t s = 0; s < scales.size(); ++s) {
      std::vector<long double> exponents;
      for (std::size_t i = 0; i < count; ++i) {
        exponents.push_back(static_cast<long double>(bias[i]) * std::numbers::ln2_v<long double> -
                            scales[s] * squares[i]);
      }
      const long double most = *std::max_element(exponents.begin(), exponents.end());
      long double sum = 0;
      for (const long double x : exponents) sum += std::exp(x - most);
      // Exponents that count are below 30 + 9 in float32 and rounded twice: 5e-6; sums of up to 64 terms per lane:
      // 4e-6.
      EXPECT_NEAR(sums[s].max + std::log(sums[s].sum), static_cast<double>(most + std::log(sum)), 1e-5)
          << count << ' ' << scales[s];
    }
  }
}

TEST_P(EachTarget, FusedSumsMatchLongDouble) {
  for (const std::size_t dimension : {1, 3, 7, 8, 9, 15, 16, 17, 31, 64, 100, 512}) {
    for (const std::size_t count : {1, 15, 16, 17, 47, 129}) {
      for (const std::size_t width : {std::size_t{1}, kernels_.fused_width}) {
        for (const bool expanded : {false, true}) {
          SCOPED_TRACE(std::to_string(dimension) + " dimensions, " + std::to_string(count) + " references, width " +
                       std::to_string(width) + (expanded ? ", expanded" : ", difference"));
          // Lengths that do not grow with the dimension, so that sums stay inside float32 without a shift.
          const auto shrink = [&](double x, auto, auto) { return 3 * x / std::sqrt(static_cast<double>(dimension)); };
          const auto references = testing::map(gaussian(count, dimension, count), shrink);
          const auto queries = testing::map(gaussian(width, dimension, 77), shrink);
          const auto sums = fused_sums(kernels_, expanded, queries, pack_references(references), width);
          for (std::size_t q = 0; q < width; ++q) {
            const auto expected = oracle::log_mean_kernel(oracle::to_rows(queries)[q], oracle::to_rows(references)) +
                                  std::log(static_cast<long double>(count));
            // 2^x: 2.6e-6. Distances: rounding of products and partial sums, of magnitude up to 80 here, adds like a
            // random walk of `dimension` steps.
            const double bound = 3e-6 + 80 * 0x1p-24 * (2 + 0.1 * std::sqrt(static_cast<double>(dimension)));
            EXPECT_NEAR(std::log(sums[q]), static_cast<double>(expected), bound);
          }
        }
      }
    }
  }
}

TEST_P(EachTarget, FusedSumsAreTheSameBitsAloneAndInAGroup) {
  const auto references = pack_references(gaussian(150, 9, 3));
  const auto queries = gaussian(kernels_.fused_width, 9, 4);
  for (const bool expanded : {false, true}) {
    const auto together = fused_sums(kernels_, expanded, queries, references, kernels_.fused_width);
    for (std::size_t q = 0; q < queries.rows(); ++q) {
      const Embeddings one({queries.row(q).begin(), queries.row(q).end()}, 1, 9);
      EXPECT_EQ(fused_sums(kernels_, expanded, one, references, 1)[0], together[q]);
    }
  }
}

/// The largest relative error of the fused sums' 2^x in [-126, 127]. What is beyond must vanish or be as large as it
/// says.
double worst_exponential(const KernelTable& kernels) {
  // One reference at the origin and one-dimensional queries: the sum is 2^bias alone. Bit patterns are swept, not
  // values.
  const auto references = pack_references(Embeddings({0}, 1, 1));
  const float zero = 0;
  double worst = 0;
  for (std::uint32_t bits = 0; bits < 0x7f800000U; bits += 40'009) {
    for (const float x : {std::bit_cast<float>(bits), -std::bit_cast<float>(bits)}) {
      if (x > kMaxExponent) continue;
      AlignedVector<float> lanes(kTileRows);
      kernels.difference.sum({&zero, &x, lanes.data(), 1},
                             {references.tile(0), references.difference_bias.data(), nullptr, 1, 1});
      const auto result = static_cast<double>(lanes[0]);
      if (x < -126) {
        EXPECT_LE(result, 0x1p-125) << x;
      } else if (x > 127) {
        EXPECT_GE(result, 0x1p126) << x;
      } else {
        worst = std::max(worst, std::abs(result / std::exp2(static_cast<double>(x)) - 1));
      }
    }
  }
  return worst;
}

TEST_P(EachTarget, FusedExponentialIsRightOverItsWholeRange) {
  const double worst = worst_exponential(kernels_);
  EXPECT_LT(worst, 3e-6);
  EXPECT_GT(worst, 1e-6) << "better than the polynomial can be: the sweep misses its worst places";
}

TEST_P(EachTarget, FusedExponentialIsRightInEveryRoundingMode) {
  // On x86, the sums run in a mode of their own. Elsewhere, where the rounding to a whole exponent is an addition, it
  // follows the caller's, and the polynomial is used up to twice as far from its middle.
#if defined(__x86_64__)
  constexpr double kTolerance = 3e-6;
#else
  constexpr double kTolerance = 3e-3;
#endif
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    ASSERT_EQ(std::fesetround(mode), 0);
    const double worst = worst_exponential(kernels_);
    EXPECT_EQ(std::fegetround(), mode) << "the caller's mode is lost";
    std::fesetround(FE_TONEAREST);
    EXPECT_LT(worst, kTolerance) << mode;
  }
}

#if defined(__x86_64__)
TEST_P(EachTarget, FusedSumsLeaveTheCallersFlagsAlone) {
  std::feclearexcept(FE_ALL_EXCEPT);
  (void)worst_exponential(kernels_);  // its own arithmetic is inexact, but underflows nowhere
  EXPECT_EQ(std::fetestexcept(FE_UNDERFLOW | FE_OVERFLOW | FE_INVALID), 0);
  volatile float small = std::numeric_limits<float>::min();
  EXPECT_GT(small * 0.5F, 0) << "results below the normal numbers are still flushed to zero";
}
#endif

TEST_P(EachTarget, TargetsAgreeOnTheExactSum) {
  const auto packed = pack_references(gaussian(300, 12, 5));
  testing::Random random(6);
  std::vector<double> query(12);
  for (double& x : query) x = random.normal();
  const auto expected =
      for_target(available_targets().back())
          .log_sum_exact(query.data(), packed.tile(0), packed.difference_bias.data(), packed.tiles, 12);
  const auto result =
      kernels_.log_sum_exact(query.data(), packed.tile(0), packed.difference_bias.data(), packed.tiles, 12);
  EXPECT_NEAR(result.max, expected.max, 1e-13 * std::abs(expected.max));
  EXPECT_NEAR(result.sum, expected.sum, 1e-6 * expected.sum);
}

TEST(ReferencesTest, PackingGoesBothWays) {
  for (const std::size_t rows : {1, 15, 16, 17, 40}) {
    const auto original = gaussian(rows, 5, rows);
    const auto packed = pack_references(original);
    std::vector<float> row(5);
    for (std::size_t i = 0; i < rows; ++i) {
      unpack_reference(packed, i, row.data());
      EXPECT_TRUE(std::equal(row.begin(), row.end(), original.row(i).begin()));
    }
  }
}

}  // namespace
}  // namespace kernad::kernels
