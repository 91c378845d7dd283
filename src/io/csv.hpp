// Tables and labels from .csv (',') and .tsv (tab).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/source.hpp"
#include "kernad/io.hpp"

namespace kernad::io {

/// Reads every row. Throws ReadError for ragged rows, empty fields and fields that are no numbers, with line and
/// column; InvalidInput for a finite number beyond float32; InvalidParameter when options name no column there.
[[nodiscard]] Table read_csv_table(Source& source, char delimiter, const ReadOptions& options);

/// Reads one label a row. The first row is passed over as a heading when it is not a label.
[[nodiscard]] std::vector<std::uint8_t> read_csv_labels(Source& source, char delimiter);

}  // namespace kernad::io
