// The whitened training rows in the layout that scoring reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "kde/tree.hpp"
#include "kernad/matrix.hpp"
#include "kernels/aligned.hpp"
#include "kernels/references.hpp"

namespace kernad::kde {

/// Each row's own width.
struct AdaptiveBandwidth {
  std::vector<double> factors;  ///< N: h_i, the relative width of row i's kernel; empty: all alike
  std::size_t dimension = 0;    ///< k of the weight h_i^-k
};

/// Adaptive kernels as powers of 2: 2^(bias - scale |q - r|^2).
struct AdaptiveKernels {
  // For each slot of the references, in double and rounded.
  kernels::AlignedVector<double> scale;
  kernels::AlignedVector<double> bias;
  kernels::AlignedVector<float> scale32;
  kernels::AlignedVector<float> bias32;
  double max_scale = 0;
  double max_bias = 0;  ///< absolute
};

struct ReferenceSet {
  std::size_t rows = 0;                    ///< N, all of them
  std::vector<double> weights;             ///< N, with a sum of 2^31 to 2^32; empty: each counts once
  double count = 0;                        ///< N, or the sum of the weights
  kernels::PackedReferences packed;        ///< the distinct rows
  std::vector<std::uint32_t> slot_of_row;  ///< N: the slot of row i in `packed`
  Tree tree;                               ///< over `packed`; without leaves if skipping references does not pay
  std::optional<bool> tree_pays;           ///< as found by a trial, or as given; none where there was no trial
  bool pruning = true;  ///< whether duplicates were merged and a tree was tried; only for kernels of equal width
  AdaptiveBandwidth adaptive;
  AdaptiveKernels adaptive_kernels;  ///< empty where all are alike
  Matrix<double> exact;              ///< N x r: the rows in double if float32 is too coarse for them; else empty
};

/// Without pruning, and with individual widths, every row is a reference of its own and there is no tree. The result is
/// the same for any number of threads. weights: N of any sum, each above 2^-63 of it, or none; not combined with
/// individual widths. tree_pays: from an earlier trial with the same rows, in place of one, which takes longer than all
/// the rest; it affects only the time of scoring.
[[nodiscard]] ReferenceSet make_reference_set(MatrixView<float> whitened, bool pruning, int threads,
                                              AdaptiveBandwidth adaptive = {}, std::vector<double> weights = {},
                                              std::optional<bool> tree_pays = {});

/// The rows it was made of, in order.
[[nodiscard]] Matrix<float> whitened_rows(const ReferenceSet& references);

}  // namespace kernad::kde
