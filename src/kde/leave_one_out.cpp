#include "kde/leave_one_out.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <tuple>
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

/// A run of the grid's bandwidths.
struct Steps {
  std::size_t first;
  std::size_t count;
};

/// Those within a quarter of an octave.
Steps around(std::size_t step) {
  constexpr std::size_t kReach = kStepsAnOctave / 4;
  const std::size_t first = step - std::min(step, kReach);
  return {first, std::min(step + kReach + 1, kGrid) - first};
}

std::vector<double> bandwidths_at(double centre, const Steps& steps) {
  std::vector<double> result(steps.count);
  for (std::size_t g = 0; g < steps.count; ++g) result[g] = bandwidth_at(centre, static_cast<double>(steps.first + g));
  return result;
}

double log_of_sum(double a, double b) {
  const double max = std::max(a, b);
  return max + std::log1p(std::exp(std::min(a, b) - max));
}

/// For every row and every bandwidth h (at most twice kGrid of them) the log of the sum of h_j^-k exp(-|r_i - r_j|^2 /
/// (2 h^2 h_j^2)) over the rows j that are not copies of row i: rows x bandwidths.
Matrix<double> log_sums(const PairDistances& pairs, std::span<const std::size_t> rows, std::span<const double> local,
                        std::size_t dimension, std::span<const double> bandwidths, int threads) {
  std::array<double, 2 * kGrid> scales{};
  std::transform(bandwidths.begin(), bandwidths.end(), scales.begin(), [](double h) { return 0.5 / (h * h); });
  kernels::AlignedVector<float> bias(kernels::round_up(pairs.rows(), kernels::kScalesPanel));
  for (std::size_t j = 0; j < local.size(); ++j) {
    bias[j] = static_cast<float>(-static_cast<double>(dimension) * std::log2(local[j]));
  }
  std::vector<double> narrowing(local.size());
  std::transform(local.begin(), local.end(), narrowing.begin(), [](double h) { return 1 / (h * h); });
  const auto& kernels = kernels::active();
  Matrix<double> result(rows.size(), bandwidths.size());
  for_each_panel(pairs, rows, threads, [&](std::size_t i, std::size_t first, std::size_t count, double* squares, auto) {
    for (std::size_t r = 0; r < count && !local.empty(); ++r) squares[r] *= narrowing[first + r];
    std::array<kernels::LogSumExp, 2 * kGrid> sums{};
    kernels.log_sum_scales(squares, bias.data() + first, kernels::round_up(count, kernels::kScalesMultiple),
                           scales.data(), bandwidths.size(), sums.data());
    for (std::size_t g = 0; g < bandwidths.size(); ++g) {
      const double part = sums[g].max + std::log(sums[g].sum);
      result(i, g) = first == 0 ? part : log_of_sum(result(i, g), part);
    }
  });
  return result;
}

struct Sums {
  std::size_t rows;  // at most
  std::span<const double> local;
  std::size_t dimension;
  int threads;
};

/// Some bandwidths, tried on some rows.
struct Trial {
  Steps steps;
  std::vector<std::size_t> rows;
  std::vector<double> likelihood;  ///< of each bandwidth: leave_one_out maximises it
  std::size_t best;                ///< the position of the largest
  Matrix<double> sums;             ///< rows x bandwidths: log_sums at `times` each bandwidth

  [[nodiscard]] bool at_end() const { return best == 0 || best + 1 == steps.count; }
  /// Whether the best bandwidth is an end of the whole grid.
  [[nodiscard]] bool at_limit() const { return steps.first + best == 0 || steps.first + best + 1 == kGrid; }
};

Trial try_bandwidths(const PairDistances& pairs, const Sums& what, double centre, const Steps& steps, double times) {
  Trial trial{steps, sample_rows(pairs.rows(), what.rows, kSeed), std::vector<double>(steps.count), 0, {}};
  std::vector<double> bandwidths = bandwidths_at(centre, steps);
  if (times != 1) {
    for (std::size_t g = 0; g < steps.count; ++g) bandwidths.push_back(times * bandwidths[g]);
  }
  const Matrix<double> sums = log_sums(pairs, trial.rows, what.local, what.dimension, bandwidths, what.threads);
  const auto k = static_cast<double>(what.dimension);
  for (std::size_t g = 0; g < steps.count; ++g) {
    double& likelihood = trial.likelihood[g];
    for (std::size_t i = 0; i < trial.rows.size(); ++i) {
      likelihood += sums(i, g) - std::log(static_cast<double>(pairs.others(trial.rows[i])));
    }
    likelihood /= static_cast<double>(trial.rows.size());
    likelihood -= k * (std::log(bandwidths[g]) + 0.5 * std::log(2 * std::numbers::pi));
  }
  trial.best = static_cast<std::size_t>(std::max_element(trial.likelihood.begin(), trial.likelihood.end()) -
                                        trial.likelihood.begin());
  trial.sums = Matrix<double>(trial.rows.size(), steps.count);
  for (std::size_t i = 0; i < trial.rows.size(); ++i) {
    std::copy_n(sums.row(i).data() + sums.cols() - steps.count, steps.count, trial.sums.row(i).data());
  }
  return trial;
}

/// The polynomial through values at 0, 1, 2 ..., at `position` (Lagrange's form).
double interpolate(std::span<const double> values, double position) {
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    double weight = 1;
    for (std::size_t j = 0; j < values.size(); ++j) {
      const auto node = static_cast<double>(j);
      if (j != i) weight *= (position - node) / (static_cast<double>(i) - node);
    }
    sum += weight * values[i];
  }
  return sum;
}

/// The trial's sums at a bandwidth between its steps, with the copies of a row and without the row itself.
std::vector<double> own_left_out(const PairDistances& pairs, const Trial& trial, double position,
                                 std::span<const double> local, std::size_t dimension) {
  std::vector<double> result(trial.rows.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t row = trial.rows[i];
    result[i] = interpolate(trial.sums.row(i), position);
    const std::size_t copies = pairs.rows() - pairs.others(row) - 1;
    if (copies == 0) continue;
    const double own = local.empty() ? 0 : -static_cast<double>(dimension) * std::log(local[row]);
    result[i] = log_of_sum(result[i], own + std::log(static_cast<double>(copies)));
  }
  return result;
}

/// The position, between -1/2 and 1/2 step, and the height of the peak of the parabola through three values a step
/// apart.
std::pair<double, double> parabola_peak(double left, double middle, double right) {
  const double curvature = left - 2 * middle + right;
  if (!(curvature < 0)) return {0, middle};
  const double offset = 0.5 * (left - right) / curvature;
  return {offset, middle - 0.25 * (left - right) * offset};
}

}  // namespace

LooChoice leave_one_out(const PairDistances& pairs, std::span<const double> local, std::size_t dimension, double centre,
                        double times, int threads) {
  const Trial pilot = try_bandwidths(pairs, {kLooPilotRows, local, dimension, threads}, centre, {0, kGrid}, 1);
  std::size_t step = pilot.best;
  Trial trial;
  do {
    trial = try_bandwidths(pairs, {kLooRows, local, dimension, threads}, centre, around(step), times);
    step = trial.steps.first + trial.best;
  } while (trial.at_end() && !trial.at_limit());

  const auto& likelihood = trial.likelihood;
  auto [offset, peak] = std::pair(0.0, likelihood[trial.best]);
  if (!trial.at_limit()) {
    std::tie(offset, peak) = parabola_peak(likelihood[trial.best - 1], peak, likelihood[trial.best + 1]);
  }
  return {bandwidth_at(centre, static_cast<double>(step) + offset), peak, trial.at_limit(),
          own_left_out(pairs, trial, static_cast<double>(trial.best) + offset, local, dimension)};
}

}  // namespace kernad::kde
