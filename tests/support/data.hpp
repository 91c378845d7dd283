// Made-up embeddings for tests: the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "kernad/matrix.hpp"

namespace kernad::testing {

/// A counter-based generator: reproducible everywhere, unlike the standard library's distributions.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  double uniform();  ///< in (0, 1)
  double normal();   ///< standard Gaussian, Box-Muller

 private:
  std::uint64_t state_;
};

/// Independent standard Gaussian entries.
[[nodiscard]] Embeddings gaussian(std::size_t rows, std::size_t cols, std::uint64_t seed);

/// Gaussian rows with column standard deviations 1, ratio, ratio^2 ..., mixed by a random rotation and shifted by
/// `offset`: principal axes with clear gaps.
[[nodiscard]] Embeddings correlated(std::size_t rows, std::size_t cols, double ratio, double offset,
                                    std::uint64_t seed);

/// A random orthogonal matrix, cols x cols.
[[nodiscard]] Matrix<double> rotation(std::size_t cols, std::uint64_t seed);

/// rows times matrix, rounded to float32.
[[nodiscard]] Embeddings multiply(EmbeddingsView rows, const Matrix<double>& matrix);

/// A matrix with change(value, row, column) for each entry.
[[nodiscard]] Embeddings map(EmbeddingsView rows,
                             const std::function<double(double, std::size_t, std::size_t)>& change);

}  // namespace kernad::testing
