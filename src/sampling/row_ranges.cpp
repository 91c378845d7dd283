#include "sampling/row_ranges.hpp"

#include <algorithm>
#include <iterator>

namespace kernad::sampling {

std::optional<RowRange> overlap(const std::vector<RowRange>& a, const std::vector<RowRange>& b) {
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    const RowRange common{std::max(i->first, j->first), std::min(i->last, j->last)};
    if (common.first < common.last) return common;
    if (i->last < j->last) {
      ++i;
    } else {
      ++j;
    }
  }
  return std::nullopt;
}

std::vector<RowRange> united(const std::vector<RowRange>& a, const std::vector<RowRange>& b) {
  std::vector<RowRange> all;
  std::ranges::merge(a, b, std::back_inserter(all), {}, &RowRange::first, &RowRange::first);
  std::vector<RowRange> result;
  for (const RowRange& range : all) {
    if (!result.empty() && result.back().last == range.first) {
      result.back().last = range.last;
    } else {
      result.push_back(range);
    }
  }
  return result;
}

}  // namespace kernad::sampling
