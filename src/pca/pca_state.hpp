// The state of a fitted PCA, for the stages that follow. Nothing here checks input: kernad::PCA and the classifier do.
#pragma once

#include <cstddef>
#include <vector>

#include "kernad/matrix.hpp"
#include "kernad/pca.hpp"
#include "kernels/projection.hpp"
#include "linalg/exact_moments.hpp"
#include "linalg/rows.hpp"

namespace kernad::pca {

struct State {
  Matrix<double> singular_vectors;               ///< D x k: centred rows are multiplied by it
  std::vector<double> mean;                      ///< D
  std::vector<double> singular_values;           ///< k; empty if a checkpoint lacks them
  std::vector<double> explained_variance_ratio;  ///< k; empty likewise
  std::size_t rank = 0;                          ///< of the training rows; k if a checkpoint lacks it
  /// D: factors of the columns of centred rows, applied before the projection; singular_vectors already contain them.
  /// Empty: none.
  std::vector<double> column_scale;
  /// D - k if the last feature is the length of a row's part outside the principal axes; otherwise 0.
  std::size_t residual_dimensions = 0;
  kernels::Projection projection;  ///< x -> (x - mean) singular_vectors, with a 0 in the residual's place

  [[nodiscard]] std::size_t features() const { return projection.outputs(); }
  /// Writes the features of each row to out, laid out as by Projection::apply.
  void apply(const kernels::KernelTable& kernels, MatrixView<float> rows, double* out, double* scratch) const;
};

/// What the classifier asks for besides the number of components.
struct Extras {
  std::vector<double> column_scale;                ///< D; empty: none
  bool residual = false;                           ///< wanted if the axes do not span all columns
  const linalg::RowMoments* moments = nullptr;     ///< in place of those of the rows; null: none
  const linalg::ColumnMoments* columns = nullptr;  ///< those of the rows, if they are known
};

/// rows: finite, N >= 1. Throws InvalidInput when all rows are identical.
[[nodiscard]] State fit(const linalg::Rows<float>& rows, const ComponentCount& n_components, Extras extras,
                        int threads);

/// Builds the projection of a state whose other members are set.
[[nodiscard]] kernels::Projection make_projection(const State& state);

/// The features of every row, N x state.features() in double.
[[nodiscard]] Matrix<double> project(const State& state, const linalg::Rows<float>& rows, int threads);

}  // namespace kernad::pca
