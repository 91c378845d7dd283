#include "kde/duplicates.hpp"

#include <bit>
#include <functional>
#include <numeric>
#include <span>
#include <string_view>

namespace kernad::kde {

namespace {

std::string_view bytes_of(std::span<const float> row) {
  return {reinterpret_cast<const char*>(row.data()), row.size_bytes()};
}

}  // namespace

DistinctRows distinct_rows(MatrixView<float> rows, std::span<const double> weights) {
  DistinctRows found;
  std::vector<double> counts;
  found.index.resize(rows.rows());
  // A hash table with open addressing: std::unordered_map, with a node for each row, would dominate the time of a large
  // fit.
  constexpr std::uint32_t kFree = kernels::Reference::kNone;
  std::vector<std::uint32_t> table(std::bit_ceil(2 * rows.rows() + 1), kFree);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const std::string_view bytes = bytes_of(rows.row(i));
    std::size_t slot = std::hash<std::string_view>()(bytes) & (table.size() - 1);
    while (table[slot] != kFree && bytes_of(rows.row(found.rows[table[slot]].row)) != bytes) {
      slot = (slot + 1) & (table.size() - 1);
    }
    if (table[slot] == kFree) {
      table[slot] = static_cast<std::uint32_t>(found.rows.size());
      found.rows.push_back({static_cast<std::uint32_t>(i), 0});
      counts.push_back(0);
    }
    found.index[i] = table[slot];
    counts[table[slot]] += weights.empty() ? 1 : weights[i];
  }
  for (std::size_t i = 0; i < counts.size(); ++i) found.rows[i].count = static_cast<float>(counts[i]);
  return found;
}

DistinctRows all_rows(std::size_t count, std::span<const double> weights) {
  DistinctRows found{std::vector<kernels::Reference>(count), std::vector<std::uint32_t>(count)};
  std::iota(found.index.begin(), found.index.end(), 0U);
  for (std::size_t i = 0; i < count; ++i) {
    found.rows[i] = {static_cast<std::uint32_t>(i), weights.empty() ? 1.0F : static_cast<float>(weights[i])};
  }
  return found;
}

}  // namespace kernad::kde
