// What a fitted PCA is, for the stages that follow it. Nothing here checks input: kernad::PCA and the classifier do.
#pragma once

#include <cstddef>
#include <vector>

#include "kernad/matrix.hpp"
#include "kernad/pca.hpp"
#include "kernels/projection.hpp"
#include "linalg/rows.hpp"

namespace kernad::pca {

struct State {
  Matrix<double> singular_vectors;               ///< D x k
  std::vector<double> mean;                      ///< D
  std::vector<double> singular_values;           ///< k; empty when a checkpoint does not tell
  std::vector<double> explained_variance_ratio;  ///< k; empty likewise
  std::size_t rank = 0;                          ///< of the training rows; k when a checkpoint does not tell
  kernels::Projection projection;                ///< x -> (x - mean) singular_vectors
};

/// rows: finite, N >= 1. Throws InvalidInput when all rows are identical.
[[nodiscard]] State fit(const linalg::Rows<float>& rows, const ComponentCount& n_components, int threads);

/// The projection of every row, N x k in double.
[[nodiscard]] Matrix<double> project(const State& state, const linalg::Rows<float>& rows, int threads);

}  // namespace kernad::pca
