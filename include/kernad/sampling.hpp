// Choosing training rows when there are more than a model may hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernad/export.hpp"

namespace kernad {

/// The sampling key of a row: a hash of only the seed and the row number, so that rows can be keyed in any order, in
/// chunks, or on several machines. Source: the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
[[nodiscard]] KERNAD_API std::uint64_t row_key(std::uint64_t seed, std::uint64_t row) noexcept;

/// The `count` rows of 0 .. rows - 1 with the smallest keys (ties go to the smaller row), ascending by row number.
/// All rows when count >= rows.
[[nodiscard]] KERNAD_API std::vector<std::size_t> sample_rows(std::size_t rows, std::size_t count, std::uint64_t seed);

}  // namespace kernad
