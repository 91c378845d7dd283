// Sums on a matrix unit. Its arithmetic (the parts of a float32, the order in which products are added) is emulated in
// plain C++: the bounds of docs/numerics.md, "Matrix units", are tested everywhere, and the unit against the emulation,
// to the bit, where there is one.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernels.hpp"
#include "kernels/references.hpp"
#include "support/data.hpp"

namespace kernad::kernels {
namespace {

using Parts = std::array<float, 3>;

Parts split(float x) {
  Parts parts{};
  for (float& part : parts) {
    part = std::bit_cast<float>((std::bit_cast<std::uint32_t>(x) + 0x8000U) & 0xFFFF0000U);
    x -= part;
  }
  EXPECT_EQ(x, 0) << "the parts do not add up";
  return parts;
}

/// What one instruction does to an element of the sum: the even and the odd products each in a sum of their own.
struct Unit {
  float sum = 0;
  std::vector<std::pair<float, float>> pending;

  void multiply(float a, float b) { pending.emplace_back(a, b); }
  void add() {
    std::array<float, 2> sums{};
    for (std::size_t k = 0; k < pending.size(); ++k) {
      sums[k % 2] = std::fma(pending[k].first, pending[k].second, sums[k % 2]);
    }
    sum += sums[0] + sums[1];
    pending.clear();
  }
};

float emulated_product(std::span<const float> query, std::span<const float> reference) {
  Unit unit;
  for (std::size_t first = 0; first < query.size(); first += kSplitColumns) {
    const std::size_t count = std::min(kSplitColumns, query.size() - first);
    const bool rest = count <= kTileRows;  // then one instruction takes two pairs of parts
    const std::size_t columns = rest ? kTileRows : kSplitColumns;
    const auto pair = [&](std::size_t q, std::size_t r) {
      for (std::size_t i = first; i < first + columns; ++i) {
        const bool there = i < query.size();
        unit.multiply(there ? split(query[i])[q] : 0, there ? split(reference[i])[r] : 0);
      }
      if (!rest) unit.add();
    };
    using Pair = std::array<std::size_t, 2>;
    const auto full = std::to_array<Pair>({{2, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 2}, {0, 0}});
    const auto shared = std::to_array<Pair>({{0, 2}, {2, 0}, {1, 0}, {1, 1}, {0, 0}, {0, 1}});
    for (std::size_t p = 0; p < full.size(); ++p) {
      const auto [q, r] = rest ? shared[p] : full[p];
      pair(q, r);
      if (rest && p % 2 == 1) unit.add();
    }
  }
  return unit.sum;
}

constexpr std::array<std::size_t, 9> kDimensions = {1, 16, 17, 32, 33, 50, 64, 100, 512};

TEST(MatrixSumTest, ProductsAreWithinTheBound) {
  for (const std::size_t dimension : kDimensions) {
    const auto queries = testing::gaussian(20, dimension, dimension);
    const auto references = testing::gaussian(20, dimension, dimension + 1);
    for (std::size_t q = 0; q < queries.rows(); ++q) {
      long double product = 0;
      long double absolute = 0;
      for (std::size_t i = 0; i < dimension; ++i) {
        const auto term = static_cast<long double>(queries(q, i)) * static_cast<long double>(references(q, i));
        product += term;
        absolute += std::abs(term);
      }
      const double steps = std::ceil(static_cast<double>(dimension) / 32);
      const double bound = 0x1p-24 * (20 + 6 * steps) * static_cast<double>(absolute);
      const double error = std::abs(static_cast<double>(emulated_product(queries.row(q), references.row(q)) - product));
      EXPECT_LE(error, bound) << dimension;
    }
  }
}

class MatrixUnit : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto targets = available_targets();
    if (std::find(targets.begin(), targets.end(), "amx") == targets.end()) GTEST_SKIP() << "this machine has no AMX";
    table_ = &for_target("amx");
  }

  struct Result {
    AlignedVector<float> lanes;  ///< 16 per query
    std::vector<float> largest;
  };
  /// Queries in groups of up to `width`.
  [[nodiscard]] Result run(const Embeddings& queries, const PackedReferences& references, std::size_t width) const {
    const MatrixKernels& kernels = *table_->matrix;
    const std::size_t dimension = queries.cols();
    const std::size_t count = (queries.rows() + width - 1) / width;
    AlignedVector<std::uint16_t> split(count * split_group_size(dimension));
    AlignedVector<std::uint16_t> scratch(references.tiles * split_tile_size(dimension));
    const std::vector<float> bias(queries.rows(), 0.0F);
    Result result{AlignedVector<float>(queries.rows() * kTileRows), std::vector<float>(queries.rows())};
    std::vector<MatrixQueries> sums;
    std::vector<MatrixQueries> maxima;
    for (std::size_t g = 0; g < count; ++g) {
      const std::size_t first = g * width;
      const std::size_t rows = std::min(width, queries.rows() - first);
      std::uint16_t* to = split.data() + g * split_group_size(dimension);
      kernels.split_queries(queries.row(first).data(), rows, dimension, to);
      sums.push_back({to, bias.data() + first, result.lanes.data() + first * kTileRows, rows});
      maxima.push_back({to, bias.data() + first, result.largest.data() + first, rows});
    }
    const FusedTiles tiles{references.tile(0), references.expanded_bias.data(), nullptr, references.tiles, dimension};
    kernels.sum(sums.data(), count, tiles, scratch.data());
    kernels.max(maxima.data(), count, tiles, scratch.data());
    return result;
  }

  const KernelTable* table_ = nullptr;
};

TEST_F(MatrixUnit, ComputesWhatTheEmulationDoes) {
  for (const std::size_t dimension : kDimensions) {
    const auto queries = testing::gaussian(37, dimension, 1);
    const auto reference = testing::gaussian(1, dimension, 2);
    auto packed = pack_references(reference);
    packed.expanded_bias[0] = 0;
    const auto result = run(queries, packed, 32);
    for (std::size_t q = 0; q < queries.rows(); ++q) {
      EXPECT_EQ(result.largest[q], emulated_product(queries.row(q), reference.row(0))) << dimension << " " << q;
    }
  }
}

TEST_F(MatrixUnit, AQueryDoesNotDependOnItsGroup) {
  for (const std::size_t dimension : {5, 32, 40}) {
    const auto queries = testing::gaussian(70, dimension, 3);
    const auto packed = pack_references(testing::gaussian(75, dimension, 4));  // an odd number of tiles
    const auto expected = run(queries, packed, 32);
    for (const std::size_t width : {1, 15, 16, 17}) {
      const auto result = run(queries, packed, width);
      EXPECT_EQ(result.lanes, expected.lanes) << dimension << " " << width;
      EXPECT_EQ(result.largest, expected.largest) << dimension << " " << width;
    }
  }
}

TEST_F(MatrixUnit, SumsAreRight) {
  for (const std::size_t references : {1, 16, 17, 33, 100}) {
    const auto queries = testing::gaussian(40, 48, 5);
    const auto rows = testing::gaussian(references, 48, 6);
    const auto packed = pack_references(rows);
    const auto result = run(queries, packed, 32);
    for (std::size_t q = 0; q < queries.rows(); ++q) {
      double sum = 0;
      double expected = 0;
      double largest = -1e300;
      for (std::size_t lane = 0; lane < kTileRows; ++lane)
        sum += static_cast<double>(result.lanes[q * kTileRows + lane]);
      for (std::size_t r = 0; r < references; ++r) {
        double exponent = static_cast<double>(packed.expanded_bias[r]);
        for (std::size_t i = 0; i < 48; ++i) {
          exponent += static_cast<double>(queries(q, i)) * static_cast<double>(rows(r, i));
        }
        expected += std::exp2(exponent);
        largest = std::max(largest, exponent);
      }
      // Exponents reach 60: their sums round by 60 u or so, and a power of two takes 0.69 of that; its own error is
      // 3e-6.
      EXPECT_NEAR(sum / expected, 1, 1e-5);
      EXPECT_NEAR(static_cast<double>(result.largest[q]), largest, 1e-5);
    }
  }
}

}  // namespace
}  // namespace kernad::kernels
