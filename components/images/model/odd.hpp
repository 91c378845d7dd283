// Training images that are so far from the others that they are no example of what is normal.
#pragma once

#include <cstddef>
#include <vector>

namespace kernad::images {

/// Of held-out surprisals, the numbers of those that lie beyond a gap above all others, the highest first: at most 1 %
/// (at least one), of at least 10. If the surprisals above the median have an exponential tail, of whatever scale, or a
/// lighter one, a set without odd images loses any in at most one of 1,000 cases.
[[nodiscard]] std::vector<std::size_t> beyond_gap(const std::vector<double>& surprisals);

/// The chance of a gap at least as large as that behind the `odd` highest of `descending`, under an exponential tail.
[[nodiscard]] double chance_of_gap(const std::vector<double>& descending, std::size_t odd);

}  // namespace kernad::images
