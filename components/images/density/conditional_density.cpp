#include "density/conditional_density.hpp"

#include <cmath>
#include <numbers>
#include <numeric>

namespace kernad::images {
namespace {

/// Mean over columns of the sample variance, by which kernad scales isotropic kernels.
double mean_variance(const Embeddings& rows) {
  const auto n = static_cast<double>(rows.rows());
  double sum = 0;
  for (std::size_t j = 0; j < rows.cols(); ++j) {
    double mean = 0;
    for (std::size_t i = 0; i < rows.rows(); ++i) mean += rows(i, j);
    mean /= n;
    for (std::size_t i = 0; i < rows.rows(); ++i) sum += (rows(i, j) - mean) * (rows(i, j) - mean);
  }
  return sum / (n - 1) / static_cast<double>(rows.cols());
}

/// log of the mean over references of exp(-distance^2 / 2 s^2) / 2 pi, at each position. The kernel is a product over
/// rows and columns, and so are the sums.
std::vector<double> log_position_density(std::span<const std::uint32_t> positions, Grid grid, double width) {
  const auto kernel = [&](std::size_t a, std::size_t b) {
    const double distance = (static_cast<double>(a) - static_cast<double>(b)) / width;
    return std::exp(-0.5 * distance * distance);
  };
  std::vector<double> counts(grid.size());
  for (const auto position : positions) ++counts[position];
  std::vector<double> across(grid.size());
  for (std::size_t i = 0; i < grid.size(); ++i) {
    for (std::size_t c = 0; c < grid.cols; ++c) {
      across[i] += counts[i / grid.cols * grid.cols + c] * kernel(i % grid.cols, c);
    }
  }
  std::vector<double> result(grid.size());
  for (std::size_t i = 0; i < grid.size(); ++i) {
    double sum = 0;
    for (std::size_t r = 0; r < grid.rows; ++r) sum += across[r * grid.cols + i % grid.cols] * kernel(i / grid.cols, r);
    // With a sample, a position may have no references within reach.
    result[i] = std::log(std::max(sum, 1e-300) / static_cast<double>(positions.size()) / (2 * std::numbers::pi));
  }
  return result;
}

}  // namespace

ConditionalDensity::ConditionalDensity(const PlacedPatches& references, Grid grid, Kernel kernel, int threads,
                                       bool pruning)
    : grid_(grid), kernel_(kernel), offset_(grid.size()), whole_grid_(grid.size()) {
  std::iota(whole_grid_.begin(), whole_grid_.end(), 0U);
  const double scaling = static_cast<double>(references.features.cols()) * std::log(kernel.bandwidth);
  if (std::isfinite(kernel.width)) offset_ = log_position_density(references.positions, grid, kernel.width);
  for (double& offset : offset_) offset += scaling;
  const Embeddings rows = joint_rows(references.features, references.positions);
  KDEOptions options;
  options.covariance = Covariance::isotropic;
  options.bandwidth = Bandwidth(1 / std::sqrt(mean_variance(rows)));  // kernels of covariance I
  joint_ = GaussianKDE(options);
  joint_.set_threads(threads);
  joint_.set_pruning(pruning);
  joint_.fit(rows);
}

Embeddings ConditionalDensity::joint_rows(const Embeddings& features, std::span<const std::uint32_t> positions) const {
  const std::size_t k = features.cols();
  const bool placed = std::isfinite(kernel_.width);
  const auto scale = static_cast<float>(1 / kernel_.bandwidth);
  Embeddings rows(features.rows(), placed ? k + 2 : k);
  for (std::size_t i = 0; i < features.rows(); ++i) {
    for (std::size_t j = 0; j < k; ++j) rows(i, j) = features(i, j) * scale;
    if (!placed) continue;
    rows(i, k) = static_cast<float>(static_cast<double>(positions[i] / grid_.cols) / kernel_.width);
    rows(i, k + 1) = static_cast<float>(static_cast<double>(positions[i] % grid_.cols) / kernel_.width);
  }
  return rows;
}

void ConditionalDensity::condition(std::span<const std::uint32_t> positions, std::span<double> log_densities) const {
  for (std::size_t i = 0; i < positions.size(); ++i) log_densities[i] = offset_[positions[i]] - log_densities[i];
}

std::vector<double> ConditionalDensity::surprisals(const Embeddings& features,
                                                   std::span<const std::uint32_t> positions) const {
  auto values = joint_.log_density(joint_rows(features, positions));
  condition(positions, values);
  return values;
}

std::vector<double> ConditionalDensity::Scorer::surprisals(const Embeddings& features) {
  std::vector<double> values(features.rows());
  scorer_.log_density(density_->joint_rows(features, density_->whole_grid_), values);
  density_->condition(density_->whole_grid_, values);
  return values;
}

}  // namespace kernad::images
