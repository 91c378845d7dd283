#include "kde/local_scale.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "kernad/sampling.hpp"

namespace kernad::kde {
namespace {

constexpr std::uint64_t kNeighbourSeed = 0;

/// The five smallest values so far, ascending.
class Nearest {
 public:
  Nearest() { squares_.fill(PairDistances::kCopy); }

  void see(double square) {
    if (!(square < squares_.back())) return;
    squares_.back() = square;
    for (std::size_t i = kLocalNeighbour - 1; i > 0 && squares_[i] < squares_[i - 1]; --i) {
      std::swap(squares_[i], squares_[i - 1]);
    }
  }

  void see(const Nearest& other) {
    for (const double square : other.squares_) see(square);
  }

  /// The fifth, or the last if there are fewer; 0 if there are none.
  [[nodiscard]] double last() const {
    const auto end = std::find(squares_.begin(), squares_.end(), PairDistances::kCopy);
    return end == squares_.begin() ? 0 : *(end - 1);
  }

 private:
  std::array<double, kLocalNeighbour> squares_{};
};

/// The squared distance from each row to its neighbour among a sample of the rows.
std::vector<double> neighbour_squares(const PairDistances& pairs, int threads) {
  const auto sample = sample_rows(pairs.rows(), kNeighbourRows, kNeighbourSeed);
  // By symmetry, the distances of a sample row to all rows serve all of them; each thread keeps the smallest that it
  // computed.
  std::vector<std::vector<Nearest>> nearest(static_cast<std::size_t>(threads));
  for_each_panel(pairs, sample, threads,
                 [&](std::size_t, std::size_t first, std::size_t count, const double* squares, std::size_t worker) {
                   auto& mine = nearest[worker];
                   mine.resize(pairs.rows());
                   for (std::size_t r = 0; r < count; ++r) mine[first + r].see(squares[r]);
                 });
  std::vector<double> result(pairs.rows());
  for (std::size_t j = 0; j < result.size(); ++j) {
    Nearest all;
    for (const auto& part : nearest) {
      if (!part.empty()) all.see(part[j]);
    }
    result[j] = all.last();
  }
  return result;
}

/// The median of the values above 0, of which there is at least one.
double median_positive(std::vector<double> values) {
  std::erase_if(values, [](double x) { return !(x > 0); });
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

std::vector<double> local_scales(const PairDistances& pairs, double alpha, int threads) {
  std::vector<double> logs = neighbour_squares(pairs, threads);
  const double min_square = kMinDistance * kMinDistance * median_positive(logs);
  for (double& x : logs) x = 0.5 * alpha * std::log(std::max(x, min_square));
  const double mean = std::accumulate(logs.begin(), logs.end(), 0.0) / static_cast<double>(logs.size());
  for (double& x : logs) x = std::exp(x - mean);
  return logs;
}

}  // namespace kernad::kde
