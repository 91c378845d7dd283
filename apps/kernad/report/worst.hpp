// The rows of each class that look most like the other, found block by block.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "../data.hpp"

namespace kernad::cli {

/// A row that is kept after its block is gone.
struct KeptRow {
  Rows row;  ///< it alone
  double log_density = 0;
};

/// Keeps ten rows of each end for each label, since what labels mean is known once all rows have been read.
class WorstRows {
 public:
  /// codes and log_densities: one for each of the rows.
  void see(const Rows& rows, std::span<const std::uint32_t> codes, std::span<const double> log_densities);
  /// Normal rows from the lowest log-density on, and anomalous ones from the highest. meanings: of the codes.
  [[nodiscard]] std::array<std::vector<KeptRow>, 2> take(std::span<const std::uint8_t> meanings);

 private:
  std::map<std::uint32_t, std::array<std::vector<KeptRow>, 2>> kept_;  // as take() returns them
};

}  // namespace kernad::cli
