// The role of each column of a text: feature, label, weight, id, or none.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "files/message.hpp"
#include "kernad/io.hpp"

namespace kernad::io {

inline constexpr std::size_t no_column = std::numeric_limits<std::size_t>::max();

/// "'a', 'b'"; for many names the first few and the number of the rest.
[[nodiscard]] std::string list_names(std::span<const std::string> names, std::size_t max_listed = 20);

/// The number of the column that `wanted` denotes: a name in `names` (empty: there is no heading) or the number of one
/// of `count` columns. Throws InvalidParameter, after the name of the `source`.
[[nodiscard]] std::size_t find_column(const std::string& source, std::span<const std::string> names, std::size_t count,
                                      const std::string& wanted);

/// `wanted` as the number of one of `count` columns, or no_column if it is not one.
[[nodiscard]] std::size_t column_number(const std::string& wanted, std::size_t count) noexcept;

/// The columns by their use, as numbers in the file.
struct ColumnRoles {
  std::vector<std::size_t> features;  ///< in the order of the output
  std::size_t label = no_column;
  std::size_t weight = no_column;
  std::vector<std::size_t> ids;
  std::vector<std::size_t> blank;     ///< without a name; must be empty in every row
  std::vector<std::size_t> left_out;  ///< all that have a name and are not features
  std::vector<std::string> notes;
};

/// names: empty without a heading; sample: the first rows below it. Throws InvalidParameter for columns that do not
/// exist or have two roles, InvalidInput if the features are not the model's.
[[nodiscard]] ColumnRoles column_roles(const std::string& source, std::span<const std::string> names, std::size_t count,
                                       const ReadOptions& options, std::span<const std::vector<std::string>> sample);

}  // namespace kernad::io
