// How often each row of the input counts.
#pragma once

#include <string>
#include <vector>

#include "data.hpp"

namespace kernad::cli {

/// Whether `weights` is a column of the sources, rather than a file.
[[nodiscard]] bool is_weight_column(const Sources& sources, const std::string& weights, ReadOptions options);

/// The weight of each of the rows: from the table, if it has them, else from a file of one number per row of the
/// sources. Throws InvalidInput for another number of them, or for invalid weights.
[[nodiscard]] std::vector<double> weights_of(const Rows& rows, const Sources& sources, const std::string& file);

}  // namespace kernad::cli
