// The lines of a .csv or .tsv, split into fields by libcsv: quotes as in RFC 4180, and strict about them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "io/source.hpp"

namespace kernad::io {

/// The fields of one row, without blanks around those that are not quoted, and the line (from 1) on which it begins.
struct CsvRow {
  std::span<const std::string> fields;
  std::uint64_t line;
};

/// Calls `take` with every row of `source` that is not blank, until the source ends. A row ends at \n, \r or \r\n, or
/// with the file. A UTF-8 byte order mark is passed over. Throws ReadError, with the line, for quotes out of place, and
/// whatever `take` throws.
void read_csv_rows(Source& source, char delimiter, const std::function<void(const CsvRow&)>& take);

}  // namespace kernad::io
