#include "kde/duplicates.hpp"

#include <numeric>
#include <string_view>
#include <unordered_map>

namespace kernad::kde {

DistinctRows distinct_rows(MatrixView<float> rows) {
  DistinctRows found;
  found.index.resize(rows.rows());
  std::unordered_map<std::string_view, std::uint32_t> known;  // by the bytes of a row
  known.reserve(rows.rows());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    const std::string_view bytes(reinterpret_cast<const char*>(row.data()), row.size_bytes());
    const auto [place, is_new] = known.try_emplace(bytes, static_cast<std::uint32_t>(found.rows.size()));
    if (is_new) found.rows.push_back({static_cast<std::uint32_t>(i), 0});
    found.index[i] = place->second;
    ++found.rows[place->second].count;
  }
  return found;
}

DistinctRows all_rows(std::size_t count) {
  DistinctRows found{std::vector<kernels::Reference>(count), std::vector<std::uint32_t>(count)};
  std::iota(found.index.begin(), found.index.end(), 0U);
  for (std::size_t i = 0; i < count; ++i) found.rows[i] = {static_cast<std::uint32_t>(i), 1};
  return found;
}

}  // namespace kernad::kde
