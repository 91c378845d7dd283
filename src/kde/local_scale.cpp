#include "kde/local_scale.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace kernad::kde {
namespace {

/// The five smallest of what it has seen, ascending.
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

  /// The fifth, or the last of fewer.
  [[nodiscard]] double last() const {
    const auto end = std::find(squares_.begin(), squares_.end(), PairDistances::kCopy);
    return *(end - 1);
  }

 private:
  std::array<double, kLocalNeighbour> squares_{};
};

}  // namespace

std::vector<double> local_scales(const PairDistances& pairs, double alpha, int threads) {
  std::vector<std::size_t> rows(pairs.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::vector<Nearest> nearest(rows.size());
  for_each_panel(pairs, rows, threads, [&](std::size_t i, std::size_t, std::size_t count, const double* squares) {
    for (std::size_t r = 0; r < count; ++r) nearest[i].see(squares[r]);
  });
  std::vector<double> logs(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) logs[i] = 0.5 * alpha * std::log(nearest[i].last());
  const double mean = std::accumulate(logs.begin(), logs.end(), 0.0) / static_cast<double>(logs.size());
  for (double& x : logs) x = std::exp(x - mean);
  return logs;
}

}  // namespace kernad::kde
