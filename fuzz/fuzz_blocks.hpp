// Rows that are pulled in blocks are those that are read at once.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "fuzz_target.hpp"
#include "io/row_source.hpp"

namespace kernad::fuzz {

/// Pulls the rows of `whole`, which were read at once, again, in blocks of 1 to 7, from a source that `open` makes.
template <typename Open>
void expect_same_in_blocks(const Table& whole, std::size_t seed, Open open) {
  const std::unique_ptr<io::RowSource> source = open();
  const std::size_t most = seed % 7 + 1;
  io::PulledRows rows;
  std::size_t got = 0;
  while ((got = source->next(most, rows)) != 0) expect(got <= most);
  const auto values = whole.features.values();
  expect(rows.count == whole.features.rows() && rows.values.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    expect(std::bit_cast<std::uint32_t>(rows.values[i]) == std::bit_cast<std::uint32_t>(values[i]));
  }
  expect(rows.labels == whole.labels);
  for (std::size_t k = 0; k < whole.ids.size(); ++k) expect(rows.ids[k].values == whole.ids[k].values);
}

}  // namespace kernad::fuzz
