// How far the values of each column lie from its mean.
#pragma once

#include <vector>

#include "linalg/rows.hpp"

namespace kernad::linalg {

struct Spread {
  double variance;  ///< mean of the squared deviations
  double fourth;    ///< mean of their squares
  double largest;   ///< of the deviations' absolute values
};

/// One per column; each row counts once. Reads the rows once. The same bits for any number of threads.
[[nodiscard]] std::vector<Spread> spreads(const Rows<float>& rows, int threads);

}  // namespace kernad::linalg
