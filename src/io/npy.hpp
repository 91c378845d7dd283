// NumPy's .npy: magic, version, a Python dict literal that describes one array, then its numbers. Format versions 1.0,
// 2.0 and 3.0 differ in the width of the header's length and in its encoding only. Nothing is ever unpickled.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "files/source.hpp"
#include "io/array.hpp"
#include "io/row_source.hpp"

namespace kernad::io {

struct NpyHeader {
  std::string descr;                          ///< the type as NumPy writes it
  std::optional<files::NumberFormat> format;  ///< none: not a real number
  bool fortran_order = false;
  std::vector<std::size_t> shape;
};

/// Reads magic, version and header, and leaves `source` at the array's first byte. The header may describe any array.
/// Throws ReadError with the byte where it is not well formed.
[[nodiscard]] NpyHeader read_npy_header(files::Source& source);

/// The header as a layout whose size agrees with the rest of `source` and fits into memory. Throws ReadError, also for
/// objects, text, records, complex numbers and scalars.
[[nodiscard]] ArrayLayout npy_layout(const files::Source& source, const NpyHeader& header);

/// The rows, or the labels, of a whole .npy.
[[nodiscard]] std::unique_ptr<RowSource> npy_rows(std::unique_ptr<files::Source> source, bool keep_rest = false);
[[nodiscard]] std::vector<std::uint8_t> read_npy_labels(files::Source& source, const LabelOptions& options = {});

/// Parses the dict literal at byte `offset` of the file `name`.
[[nodiscard]] NpyHeader parse_npy_dict(std::string_view text, const std::string& name, std::uint64_t offset);

}  // namespace kernad::io
