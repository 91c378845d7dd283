// What the first rows of a text say of all: heading, decimal mark, and the roles of columns.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/column_roles.hpp"
#include "io/text_reader.hpp"
#include "kernad/io.hpp"

namespace kernad::io {

struct StoredRow {
  std::vector<std::string> fields;
  std::uint64_t line;
};

/// What is known of a text before its first row is returned.
struct Beginning {
  std::vector<StoredRow> rows;     ///< the first ones, the heading among them
  std::vector<std::string> names;  ///< of all columns; empty without a heading
  ColumnRoles roles;
  char decimal_mark;
};

/// Reads some hundred rows; with ReadOptions::as_it_comes only those that have arrived, but at least one below the
/// heading. source: its name. Throws ReadError if there are none, or if it is not clear whether the first is a heading,
/// and as column_roles and find_decimal_mark do.
[[nodiscard]] Beginning read_beginning(const std::string& source, TextReader& reader, const ReadOptions& options);

}  // namespace kernad::io
