// The rows of one array, read block by block.
#pragma once

#include <memory>

#include "files/source.hpp"
#include "io/array.hpp"
#include "io/row_source.hpp"

namespace kernad::io {

/// The condition that must hold after an array's last number.
enum class AfterArray : std::uint8_t { source_ends, anything };

/// The array at the current position of `source`: rows x columns, or one row for a one-dimensional array. Only the
/// requested rows are read; but an array in Fortran order in a source without random access (an entry of a .npz) is
/// read completely with the first row. Throws ReadError for another number of dimensions; next() throws ReadError if
/// the source ends too soon, InvalidInput for a finite value beyond float32. keep_rest: whether PulledRows::rest is
/// filled.
[[nodiscard]] std::unique_ptr<RowSource> array_rows(std::unique_ptr<files::Source> source, const ArrayLayout& layout,
                                                    AfterArray after, bool keep_rest = false);

}  // namespace kernad::io
