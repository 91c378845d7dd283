#include "kde/leave_one_out.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "kernad/sampling.hpp"
#include "kernels/references.hpp"

namespace kernad::kde {
namespace {

constexpr int kOctavesBelow = 4;
constexpr int kOctavesAbove = 3;
constexpr int kStepsAnOctave = 8;
constexpr std::size_t kGrid = (kOctavesBelow + kOctavesAbove) * kStepsAnOctave + 1;
constexpr std::uint64_t kSeed = 0;

double bandwidth_at(double centre, double step) {
  return centre * std::exp2(step / kStepsAnOctave - static_cast<double>(kOctavesBelow));
}

/// Log of the kernel sums of every row and bandwidth, rows x kGrid: all but the constants.
Matrix<double> log_sums(const PairDistances& pairs, std::span<const std::size_t> rows, std::span<const double> local,
                        std::size_t dimension, double centre, int threads) {
  std::array<double, kGrid> scales{};
  for (std::size_t g = 0; g < kGrid; ++g) {
    const double h = bandwidth_at(centre, static_cast<double>(g));
    scales[g] = 0.5 / (h * h);
  }
  kernels::AlignedVector<float> bias(kernels::round_up(pairs.rows(), kernels::kScalesPanel));
  for (std::size_t j = 0; j < local.size(); ++j) {
    bias[j] = static_cast<float>(-static_cast<double>(dimension) * std::log2(local[j]));
  }
  const auto& kernels = kernels::active();
  Matrix<double> result(rows.size(), kGrid);
  for_each_panel(pairs, rows, threads, [&](std::size_t i, std::size_t first, std::size_t count, double* squares) {
    for (std::size_t r = 0; r < count && !local.empty(); ++r) squares[r] /= local[first + r] * local[first + r];
    std::array<kernels::MaxSum, kGrid> sums{};
    kernels.log_sum_scales(squares, bias.data() + first, kernels::round_up(count, kernels::kScalesMultiple),
                           scales.data(), kGrid, sums.data());
    for (std::size_t g = 0; g < kGrid; ++g) {
      const double part = sums[g].max + std::log(sums[g].sum);
      double& whole = result(i, g);
      const double most = std::max(whole, part);
      whole = first == 0 ? part : most + std::log1p(std::exp(std::min(whole, part) - most));
    }
  });
  return result;
}

/// Where between -1/2 and 1/2 step, and how high, the parabola through three values a step apart has its peak.
std::pair<double, double> parabola_peak(double left, double middle, double right) {
  const double curvature = left - 2 * middle + right;
  if (!(curvature < 0)) return {0, middle};
  const double offset = 0.5 * (left - right) / curvature;
  return {offset, middle - 0.25 * (left - right) * offset};
}

}  // namespace

LooChoice leave_one_out(const PairDistances& pairs, std::span<const double> local, std::size_t dimension, double centre,
                        int threads) {
  const auto rows = sample_rows(pairs.rows(), kLooRows, kSeed);
  const Matrix<double> sums = log_sums(pairs, rows, local, dimension, centre, threads);
  const auto k = static_cast<double>(dimension);
  std::array<double, kGrid> likelihood{};
  for (std::size_t g = 0; g < kGrid; ++g) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      likelihood[g] += sums(i, g) - std::log(static_cast<double>(pairs.others(rows[i])));
    }
    likelihood[g] /= static_cast<double>(rows.size());
    likelihood[g] -=
        k * (std::log(bandwidth_at(centre, static_cast<double>(g))) + 0.5 * std::log(2 * std::numbers::pi));
  }
  const auto best =
      static_cast<std::size_t>(std::max_element(likelihood.begin(), likelihood.end()) - likelihood.begin());
  if (best == 0 || best + 1 == kGrid) {
    return {bandwidth_at(centre, static_cast<double>(best)), likelihood[best], true};
  }
  const auto [offset, peak] = parabola_peak(likelihood[best - 1], likelihood[best], likelihood[best + 1]);
  return {bandwidth_at(centre, static_cast<double>(best) + offset), peak, false};
}

}  // namespace kernad::kde
