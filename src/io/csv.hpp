// Rows and labels from .csv (',') and .tsv (tab).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "files/source.hpp"
#include "io/row_source.hpp"

namespace kernad::io {

/// Reads the first row, which says what the columns are. Throws ReadError for ragged rows, empty fields and fields that
/// are no numbers, with line and column; InvalidInput for a finite number beyond float32; InvalidParameter when options
/// name no column there.
[[nodiscard]] std::unique_ptr<RowSource> csv_rows(std::unique_ptr<files::Source> source, char delimiter,
                                                  const ReadOptions& options);

/// Reads one label a row. The first row is passed over as a heading when it is not a label.
[[nodiscard]] std::vector<std::uint8_t> read_csv_labels(files::Source& source, char delimiter);

}  // namespace kernad::io
