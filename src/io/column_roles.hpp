// What each column of a text is for: feature, label, weight, id, or nothing.
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

/// "'a', 'b'"; of many names the first few, and how many more there are.
[[nodiscard]] std::string list_names(std::span<const std::string> names, std::size_t max_listed = 20);

/// The number of the column that is called by `wanted`, a name of `names` (empty: there is no heading) or a number of
/// one of `count` columns. Throws InvalidParameter, after the name of the `source`.
[[nodiscard]] std::size_t find_column(const std::string& source, std::span<const std::string> names, std::size_t count,
                                      const std::string& wanted);

/// The number of one of `count` columns when `wanted` is one, else no_column.
[[nodiscard]] std::size_t column_number(const std::string& wanted, std::size_t count) noexcept;

/// The columns by their use, as numbers in the file.
struct ColumnRoles {
  std::vector<std::size_t> features;  ///< in the order in which they are given out
  std::size_t label = no_column;
  std::size_t weight = no_column;
  std::vector<std::size_t> ids;
  std::vector<std::size_t> blank;     ///< have no name, and have to be empty in every row
  std::vector<std::size_t> left_out;  ///< all that have a name and are no features
  std::vector<std::string> notes;
};

/// names: empty without a heading; sample: the first rows below it. Throws InvalidParameter for columns that are not
/// there or have two uses, InvalidInput when the features are not the model's.
[[nodiscard]] ColumnRoles column_roles(const std::string& source, std::span<const std::string> names, std::size_t count,
                                       const ReadOptions& options, std::span<const std::vector<std::string>> sample);

}  // namespace kernad::io
