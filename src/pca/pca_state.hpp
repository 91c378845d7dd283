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
  Matrix<double> singular_vectors;               ///< D x k: what centred rows are multiplied by
  std::vector<double> mean;                      ///< D
  std::vector<double> singular_values;           ///< k; empty when a checkpoint does not tell
  std::vector<double> explained_variance_ratio;  ///< k; empty likewise
  std::size_t rank = 0;                          ///< of the training rows; k when a checkpoint does not tell
  /// D: what each column of centred rows is multiplied by before the projection, singular_vectors being made for rows
  /// that are not; empty: nothing.
  std::vector<double> column_scale;
  /// D - k where features end with the length of a row's part outside the principal axes; 0 where they do not.
  std::size_t residual_dimensions = 0;
  kernels::Projection projection;  ///< x -> (x - mean) singular_vectors, and a 0 where the residual goes

  [[nodiscard]] std::size_t features() const { return projection.outputs(); }
  /// Features of each row into out, laid out as by Projection::apply.
  void apply(const kernels::KernelTable& kernels, MatrixView<float> rows, double* out, double* scratch) const;
};

/// What the classifier asks for beside the number of components.
struct Extras {
  std::vector<double> column_scale;  ///< D; empty: none
  bool residual = false;             ///< wanted where the axes do not span all columns
};

/// rows: finite, N >= 1. Throws InvalidInput when all rows are identical.
[[nodiscard]] State fit(const linalg::Rows<float>& rows, const ComponentCount& n_components, Extras extras,
                        int threads);

/// The map of a state whose other members are set.
[[nodiscard]] kernels::Projection make_projection(const State& state);

/// The features of every row, N x state.features() in double.
[[nodiscard]] Matrix<double> project(const State& state, const linalg::Rows<float>& rows, int threads);

}  // namespace kernad::pca
