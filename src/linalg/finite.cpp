#include "linalg/finite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernad/error.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad::linalg {
namespace {

constexpr std::size_t kBlockValues = std::size_t{1} << 16;

}  // namespace

/// Compilers vectorise an integer maximum, but not a floating-point one.
bool is_finite(std::span<const float> row) {
  std::uint32_t largest = 0;
  for (const float x : row) largest = std::max(largest, std::bit_cast<std::uint32_t>(x) & 0x7fffffffU);
  return largest < 0x7f800000U;
}

void require_finite(MatrixView<float> view, const char* what, int threads) {
  if (view.empty()) {
    throw InvalidInput(
        fmt::format("{} have {} rows and {} columns; at least one of each is needed", what, view.rows(), view.cols()));
  }
  const std::size_t rows_a_block = std::max<std::size_t>(1, kBlockValues / view.cols());
  const std::size_t blocks = (view.rows() + rows_a_block - 1) / rows_a_block;
  parallel::parallel_for(blocks, threads, [&](std::size_t block, std::size_t) {
    const std::size_t end = std::min(view.rows(), (block + 1) * rows_a_block);
    for (std::size_t i = block * rows_a_block; i < end; ++i) {
      if (!is_finite(view.row(i))) throw_not_finite(view.row(i), i, what);
    }
  });
}

void throw_not_finite(std::span<const float> row, std::size_t number, const char* what) {
  const auto bad = std::find_if(row.begin(), row.end(), [](float x) { return !std::isfinite(x); });
  throw InvalidInput(fmt::format("{}: row {}, column {} is {}; every value must be finite", what, number,
                                 bad - row.begin(), bad == row.end() ? "not finite" : fmt::format("{}", *bad)));
}

template <typename T>
void require_columns(MatrixView<T> view, std::size_t expected, const char* what) {
  if (view.cols() != expected) {
    throw InvalidInput(fmt::format("{} have {} columns; the model was fitted on {}", what, view.cols(), expected));
  }
}

template void require_columns(MatrixView<float>, std::size_t, const char*);
template void require_columns(MatrixView<double>, std::size_t, const char*);

Embeddings to_float32(MatrixView<double> values, const char* what) {
  Embeddings rounded(values.rows(), values.cols());
  for (std::size_t i = 0; i < values.rows(); ++i) {
    const auto row = values.row(i);
    for (std::size_t j = 0; j < row.size(); ++j) {
      rounded(i, j) = static_cast<float>(row[j]);
      if (!std::isfinite(rounded(i, j))) {
        throw InvalidInput(fmt::format("{}: row {}, column {} is {:g}, beyond float32 ({:g})", what, i, j, row[j],
                                       std::numeric_limits<float>::max()));
      }
    }
  }
  return rounded;
}

}  // namespace kernad::linalg
