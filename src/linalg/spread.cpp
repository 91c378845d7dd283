#include "linalg/spread.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "kernels/kernels.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad::linalg {
namespace {

constexpr std::size_t kColumns = 64;     // of a task: these parts of a chunk of rows fit the first-level cache
constexpr std::size_t kRowsAtOnce = 64;  // summed in registers
/// Powers are taken of the differences from the mean of some rows, which lies within sqrt(n / kOriginRows) standard
/// deviations of that of all n rows: for a million rows, moving the fourth power from one to the other costs 2^-53
/// times 2e7 of it.
constexpr std::size_t kOriginRows = 256;

/// Moments about `origin` of some columns, as the kernel leaves them.
struct Powers {
  std::vector<double> origin;
  std::vector<double> sums;
  std::vector<double> low;
  std::vector<double> high;

  Powers(const Rows<float>& rows, std::size_t begin, std::size_t end)
      : origin(end - begin),
        sums(4 * origin.size()),
        low(origin.size(), std::numeric_limits<double>::infinity()),
        high(origin.size(), -std::numeric_limits<double>::infinity()) {
    const std::size_t n = std::min(rows.rows(), kOriginRows);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = begin; j < end; ++j) origin[j - begin] += static_cast<double>(rows.row(i)[j]);
    }
    for (double& value : origin) value /= static_cast<double>(n);
  }

  [[nodiscard]] Spread about_mean(std::size_t j, double n) const {
    const auto moment = [&](std::size_t power) { return sums[(power - 1) * origin.size() + j] / n; };
    const double m = moment(1);
    const double m2 = m * m;
    return {std::max(0.0, moment(2) - m2),
            std::max(0.0, moment(4) - 4 * m * moment(3) + 6 * m2 * moment(2) - 3 * m2 * m2),
            std::max(high[j] - m, m - low[j])};
  }
};

}  // namespace

std::vector<Spread> spreads(const Rows<float>& rows, int threads) {
  const auto& kernels = kernels::active();
  std::vector<Spread> result(rows.cols());
  parallel::parallel_for((rows.cols() + kColumns - 1) / kColumns, threads, [&](std::size_t task, std::size_t) {
    const std::size_t begin = task * kColumns;
    const std::size_t end = std::min(rows.cols(), begin + kColumns);
    Powers powers(rows, begin, end);
    std::array<const float*, kRowsAtOnce> chunk{};
    for (std::size_t first = 0; first < rows.rows(); first += kRowsAtOnce) {
      const std::size_t count = std::min(kRowsAtOnce, rows.rows() - first);
      for (std::size_t i = 0; i < count; ++i) chunk[i] = rows.row(first + i).data() + begin;
      kernels.add_row_powers(chunk.data(), count, powers.origin.data(), end - begin, powers.sums.data(),
                             powers.low.data(), powers.high.data());
    }
    for (std::size_t j = begin; j < end; ++j) {
      result[j] = powers.about_mean(j - begin, static_cast<double>(rows.rows()));
    }
  });
  return result;
}

}  // namespace kernad::linalg
