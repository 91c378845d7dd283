// The whitened training rows as scoring reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kde/tree.hpp"
#include "kernad/matrix.hpp"
#include "kernels/aligned.hpp"
#include "kernels/references.hpp"

namespace kernad::kde {

/// Each row's own width.
struct AdaptiveBandwidth {
  std::vector<double> factors;  ///< N: row i's kernel is h_i times as wide as the others' would be; empty: all alike
  std::size_t dimension = 0;    ///< k of the weight h_i^-k
};

/// Adaptive kernels as powers of 2: 2^(bias - scale |q - r|^2).
struct AdaptiveKernels {
  // Of each slot of the references: in double, and rounded.
  kernels::AlignedVector<double> scale;
  kernels::AlignedVector<double> bias;
  kernels::AlignedVector<float> scale32;
  kernels::AlignedVector<float> bias32;
  double max_scale = 0;
  double max_bias = 0;  ///< absolute
};

struct ReferenceSet {
  std::size_t rows = 0;                    ///< N, all of them
  std::vector<double> weights;             ///< N: how much each counts, adding up to 2^31 to 2^32; empty: once
  double count = 0;                        ///< what all count together: N, or the sum of the weights
  kernels::PackedReferences packed;        ///< the distinct ones
  std::vector<std::uint32_t> slot_of_row;  ///< N: where in `packed` row i lies
  Tree tree;                               ///< over `packed`; without leaves where leaving some out does not pay
  bool pruning = true;                     ///< whether duplicates were merged and a tree was tried, if all are alike
  AdaptiveBandwidth adaptive;
  AdaptiveKernels adaptive_kernels;  ///< empty where all are alike
  Matrix<double> exact;              ///< N x r: the rows before float32, where that is too coarse for them; else empty
};

/// Without pruning, and where rows have widths of their own, every row is a reference by itself and there is no tree.
/// The same for any number of threads. weights: N of any sum, each above 2^-63 of it, or none; not with widths of their
/// own.
[[nodiscard]] ReferenceSet make_reference_set(MatrixView<float> whitened, bool pruning, int threads,
                                              AdaptiveBandwidth adaptive = {}, std::vector<double> weights = {});

/// The rows it was made of, in their order.
[[nodiscard]] Matrix<float> whitened_rows(const ReferenceSet& references);

}  // namespace kernad::kde
