#include "serialise/tail_state.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kernad::serialise {

ensemble::TailRank read_tail(const TensorReader& reader, std::string_view name) {
  auto values = reader.values(name, reader.get(name).size());
  const auto wild = [](double x) { return !(std::abs(x) < 1e150); };
  if (values.empty() || std::any_of(values.begin(), values.end(), wild)) {
    reader.fail(name, "is empty or has a value out of range", "values within 1e150");
  }
  return ensemble::TailRank(std::move(values));
}

}  // namespace kernad::serialise
