// The whitened training rows as scoring reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kde/tree.hpp"
#include "kernad/matrix.hpp"
#include "kernels/references.hpp"

namespace kernad::kde {

struct ReferenceSet {
  std::size_t rows = 0;                     ///< N, all of them
  kernels::PackedReferences packed;         ///< the distinct ones
  std::vector<std::uint32_t> place_of_row;  ///< N: where in `packed` row i lies
  Tree tree;                                ///< over `packed`; without leaves where leaving some out does not pay
  bool pruning = true;                      ///< whether duplicates were merged and a tree was tried
};

/// Without pruning every row is a reference of its own and there is no tree.
[[nodiscard]] ReferenceSet make_reference_set(MatrixView<float> whitened, bool pruning);

/// The rows it was made of, in their order.
[[nodiscard]] Matrix<float> whitened_rows(const ReferenceSet& references);

}  // namespace kernad::kde
