#include "calibration/folds.hpp"

#include <algorithm>
#include <utility>

#include "kernad/sampling.hpp"

namespace kernad::calibration {

std::vector<std::size_t> deal_into_folds(std::size_t rows, std::size_t folds, std::uint64_t seed) {
  std::vector<std::pair<std::uint64_t, std::size_t>> keyed(rows);
  for (std::size_t row = 0; row < rows; ++row) keyed[row] = {row_key(seed, row), row};
  std::sort(keyed.begin(), keyed.end());
  std::vector<std::size_t> fold(rows);
  for (std::size_t i = 0; i < rows; ++i) fold[keyed[i].second] = i % folds;
  return fold;
}

}  // namespace kernad::calibration
