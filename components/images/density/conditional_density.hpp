// The density of a patch given its position on the grid:
//   log p(f | x) = log sum_i K_h(f - f_i) S_s(x - x_i) - log sum_i S_s(x - x_i),
// with Gaussian kernels of standard deviation h in each feature and s in rows and columns of the grid. The first sum is
// kernad's own density of the joint rows (f / h, x / s) with kernels of covariance I; the second has one term for each
// position of the grid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernad/gaussian_kde.hpp"
#include "kernad/scorer.hpp"
#include "patches/grid.hpp"

namespace kernad::images {

/// Patches in rows, and their positions on the grid.
struct PlacedPatches {
  Embeddings features;                   ///< N x k
  std::vector<std::uint32_t> positions;  ///< N, each below grid.size()
};

/// Standard deviations of the kernels.
struct Kernel {
  double bandwidth = 1;  ///< in feature units, > 0
  double width = 1;      ///< in patches, > 0; infinity: positions do not matter
};

class ConditionalDensity {
 public:
  /// pruning: worth its preparation if many images will be judged. Throws InvalidInput when all references are alike.
  ConditionalDensity(const PlacedPatches& references, Grid grid, Kernel kernel, int threads, bool pruning = true);

  /// -log p(f | x) of each patch, in nats.
  [[nodiscard]] std::vector<double> surprisals(const Embeddings& features,
                                               std::span<const std::uint32_t> positions) const;

  /// The same for repeated calls by one thread, for whole grids with patch i at position i.
  class Scorer {
   public:
    explicit Scorer(const ConditionalDensity& density) : density_(&density), scorer_(density.joint_, 1) {}
    [[nodiscard]] std::vector<double> surprisals(const Embeddings& features);

   private:
    const ConditionalDensity* density_;
    kernad::Scorer scorer_;
  };

 private:
  [[nodiscard]] Embeddings joint_rows(const Embeddings& features, std::span<const std::uint32_t> positions) const;
  void condition(std::span<const std::uint32_t> positions, std::span<double> log_densities) const;

  Grid grid_;
  Kernel kernel_;
  std::vector<double> offset_;  // of each position: difference of log p(f | x) and the joint log-density
  std::vector<std::uint32_t> whole_grid_;
  GaussianKDE joint_;
};

}  // namespace kernad::images
