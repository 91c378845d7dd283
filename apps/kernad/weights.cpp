#include "weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>

namespace kernad::cli {

bool is_weight_column(const Sources& sources, const std::string& weights, ReadOptions options) {
  if (!have_columns(sources) || !is_file(weights)) return have_columns(sources);
  // As for labels, the column takes precedence, but a pipe can be read only once.
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(sources[0], ignored)) return false;
  options.weight_column = weights;
  try {
    const TableReader beginning({sources[0]}, std::move(options));
    return true;
  } catch (const InvalidParameter&) {
    return false;
  }
}

std::vector<double> weights_of(const Rows& rows, const Sources& sources, const std::string& file) {
  std::vector<double> all = rows.table.weights;
  if (all.empty()) {
    const kernad::Table table = read_table(file, {.keep_rest = true});
    const std::size_t count = table.features.values().size();
    if (std::min(table.features.rows(), table.features.cols()) != 1 || count != rows.all) {
      throw InvalidInput(fmt::format("{}: is {} x {}, but {} has {} rows; there must be one weight a row", file,
                                     table.features.rows(), table.features.cols(), name_of(sources), rows.all));
    }
    all.assign(table.features.values().begin(), table.features.values().end());
    for (std::size_t i = 0; i < table.rest.values().size(); ++i) all[i] += double{table.rest.values()[i]};
  }
  std::vector<double> weights;
  for (const std::size_t number : rows.numbers) {
    if (!(all[number] >= 0 && std::isfinite(all[number]))) {
      throw InvalidInput(
          fmt::format("{}: the weight of row {} is {}; valid: 0 or more, and finite", file, number, all[number]));
    }
    weights.push_back(all[number]);
  }
  return weights;
}

}  // namespace kernad::cli
