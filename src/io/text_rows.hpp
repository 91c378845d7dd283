// Features, labels and ids from rows of texts.
#pragma once

#include <memory>

#include "files/source.hpp"
#include "io/row_source.hpp"
#include "io/text_reader.hpp"

namespace kernad::io {

/// Reads the first rows, which determine the roles of columns. `reader` reads `source`. Throws ReadError for ragged
/// rows, empty fields and fields that are not numbers, with line and column; InvalidInput for a finite number beyond
/// float32, or columns that are not the model's; InvalidParameter if options name a column that does not exist.
[[nodiscard]] std::unique_ptr<RowSource> text_rows(std::unique_ptr<files::Source> source,
                                                   std::unique_ptr<TextReader> reader, const ReadOptions& options);

}  // namespace kernad::io
