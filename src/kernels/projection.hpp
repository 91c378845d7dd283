// Linear maps of rows in double, which PCA and whitening both are.
#pragma once

#include <cstddef>
#include <span>

#include "kernad/matrix.hpp"
#include "kernels/aligned.hpp"
#include "kernels/kernels.hpp"
#include "kernels/references.hpp"

namespace kernad::kernels {

/// Outputs per panel: a whole number of double registers on every target.
inline constexpr std::size_t kPanelColumns = 16;
/// The most rows that a kernel works on at once, which its scratch memory must hold.
inline constexpr std::size_t kProjectScratchRows = 4;

/// The map x -> (x - mean) A of D inputs to k outputs. A is stored in panels of 16 columns, each D x 16, the last one
/// padded with zeros, so that a panel stays in the cache while many rows pass. If A is diagonal, as for spherical
/// kernels, only the diagonal is kept; the result has the same bits.
class Projection {
 public:
  Projection() = default;
  /// mean: D; matrix: D x k.
  Projection(std::span<const double> mean, MatrixView<double> matrix);

  [[nodiscard]] std::size_t inputs() const { return inputs_; }
  [[nodiscard]] std::size_t outputs() const { return outputs_; }
  /// Row stride of the output: outputs() rounded up to whole panels. The values beyond outputs() are zero.
  [[nodiscard]] std::size_t output_stride() const { return round_up(outputs_, kPanelColumns); }
  [[nodiscard]] std::size_t scratch_size() const { return kProjectScratchRows * inputs_; }

  /// out: rows.rows() x output_stride(). scratch: scratch_size(). A row's result does not depend on the other rows,
  /// and is finite if and only if the row is (float32 input cannot overflow double here).
  void apply(const KernelTable& kernels, MatrixView<float> rows, double* out, double* scratch) const;
  void apply(const KernelTable& kernels, MatrixView<double> rows, double* out, double* scratch) const;

 private:
  std::size_t inputs_ = 0;
  std::size_t outputs_ = 0;
  AlignedVector<double> mean_;
  AlignedVector<double> panels_;
  AlignedVector<double> diagonal_;  // empty, or k, and then there are no panels
};

}  // namespace kernad::kernels
