// Sums for queries to which few references matter: those far from the data, where the terms spread over many powers of
// two. The bounds are derived in docs/numerics.md, "Far queries".
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "kde/float32_sum.hpp"
#include "kde/reference_set.hpp"
#include "kernels/kernels.hpp"

namespace kernad::kde {

/// The references divided into chunks, and those into panels that stay in the first-level cache while queries are
/// evaluated.
class Panels {
 public:
  /// At least this many panels if there are enough tiles.
  Panels(std::size_t tiles, std::size_t dimension, std::size_t min_panels = 1)
      : tiles_(tiles),
        panel_(std::clamp<std::size_t>(std::min(kFloats / (kernels::kTileRows * dimension), tiles / min_panels) / 2 * 2,
                                       2, kChunkTiles)),
        in_chunk_((kChunkTiles + panel_ - 1) / panel_) {}

  [[nodiscard]] std::size_t chunks() const { return (tiles_ + kChunkTiles - 1) / kChunkTiles; }
  [[nodiscard]] std::size_t tiles_a_panel() const { return panel_; }
  /// An upper bound of the panels' numbers; some at the end may not be used.
  [[nodiscard]] std::size_t count() const { return chunks() * in_chunk_; }

  /// visit(number, first tile, tiles) for each panel of a chunk.
  template <typename Visit>
  void for_each(std::size_t chunk, const Visit& visit) const {
    const std::size_t end = std::min(tiles_, (chunk + 1) * kChunkTiles);
    std::size_t panel = chunk * in_chunk_;
    for (std::size_t t = chunk * kChunkTiles; t < end; t += panel_) visit(panel++, t, std::min(panel_, end - t));
  }

 private:
  static constexpr std::size_t kFloats = std::size_t{6} * 1024;
  std::size_t tiles_;
  std::size_t panel_;
  std::size_t in_chunk_;
};

class SelectedSum {
 public:
  explicit SelectedSum(const ReferenceSet& references);

  /// Whether float32 holds the exponents of a query of this squared length, so that it can rank them.
  [[nodiscard]] bool can_rank(double square) const;

  struct Query {
    const double* values;
    double square;
    Form form;  ///< expanded or adaptive
  };
  /// maxima: the largest exponent of each panel (stride apart) by the form's kernel, without the query's bias. Writes
  /// the log of the sum to `out`, or, if so many references matter that summing them one by one does not pay, returns
  /// the largest exponent of all, in units of log2.
  [[nodiscard]] std::optional<double> score(const kernels::KernelTable& kernels, const Panels& panels,
                                            const Query& query, const float* maxima, std::size_t stride, double& out);

 private:
  [[nodiscard]] double exponent_error(const Query& query, double max) const;
  bool collect(const kernels::KernelTable& kernels, const Query& query, std::size_t first, std::size_t count,
               double threshold);
  [[nodiscard]] double exponent(const double* query, std::size_t slot) const;

  const ReferenceSet& set_;
  std::size_t max_terms_;
  std::vector<double> terms_;                // exponents of those that matter, in double
  kernels::AlignedVector<float> values_;     // the query in float32
  kernels::AlignedVector<float> exponents_;  // of a panel
};

}  // namespace kernad::kde
