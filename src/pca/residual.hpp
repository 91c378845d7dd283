// What densities over principal axes do not see of a row: its part outside the axes, or along axes of next to no
// variance, whose width a density of all columns blurs.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernad/matrix.hpp"
#include "kernels/aligned.hpp"
#include "kernels/kernels.hpp"
#include "kernels/projection.hpp"
#include "pca/pca_state.hpp"

namespace kernad::pca {

/// The residual of a row z, centred and standardised as for the PCA, is a squared length: the Q statistic of process
/// monitoring. Source: Jackson and Mudholkar (1979), "Control procedures for residuals associated with principal
/// component analysis".
class Residual {
 public:
  /// |z - V V^T z|^2 for k axes V of D columns, k < D. What rounding of the row to float32 explains counts as 0.
  [[nodiscard]] static Residual outside(const State& state);
  /// The sum of (v^T z)^2 / variance over the `axes` last axes v, variances being those of `rows` training rows. The
  /// state needs singular values.
  [[nodiscard]] static Residual along_last(const State& state, std::size_t axes, double rows);

  /// Of along_last: the number of axes; else 0.
  [[nodiscard]] std::size_t axes() const { return variances_.size(); }

  /// Memory of one thread for up to so many rows at once.
  class Scratch {
   public:
    Scratch(const Residual& residual, std::size_t rows);

   private:
    friend class Residual;
    kernels::AlignedVector<double> inner_;
    kernels::AlignedVector<double> outer_;
    kernels::AlignedVector<double> work_;
  };

  /// The residual of each row into out, finite for finite rows. It does not depend on the other rows.
  void squares(const kernels::KernelTable& kernels, EmbeddingsView rows, double* out, Scratch& scratch) const;

  /// What to subtract from each column for a residual of 0, and the column's share of it. Shares add up to 1 (all 0
  /// where there is no residual); along axes they may be negative.
  struct Columns {
    std::vector<double> moved;
    std::vector<double> shares;
  };
  [[nodiscard]] Columns explain(std::span<const float> row) const;

 private:
  [[nodiscard]] double squared_outside(std::span<const float> row, const double* seen) const;

  std::vector<double> mean_;       // D
  std::vector<double> scale_;      // D: factors of the columns
  Matrix<double> vectors_;         // D x k, orthonormal: of standardised columns
  std::vector<double> variances_;  // of along_last
  kernels::Projection inner_;      // D -> k; of along_last in standard deviations
  kernels::Projection outer_;      // k -> D; not of along_last
};

/// How many axes of a State with singular values have less than a ten-thousandth of the variance that a column has on
/// average: directions in which columns depend on each other but for noise. 0 where rows are too few to show that.
[[nodiscard]] std::size_t faint_axes(const State& state, std::size_t rows);

}  // namespace kernad::pca
