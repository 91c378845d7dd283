// NumPy's .npy: magic, version, a Python dict literal that describes one array, then its numbers. Format versions 1.0,
// 2.0 and 3.0 differ in the width of the header's length and in its encoding only. Nothing is ever unpickled.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/array.hpp"
#include "io/source.hpp"

namespace kernad::io {

struct NpyHeader {
  std::string descr;                   ///< the type as NumPy writes it
  std::optional<NumberFormat> format;  ///< none: not a real number
  bool fortran_order = false;
  std::vector<std::size_t> shape;
};

/// Reads magic, version and header, and leaves `source` at the array's first byte. The header may describe any array.
/// Throws ReadError with the byte where it is not well formed.
[[nodiscard]] NpyHeader read_npy_header(Source& source);

/// The header as a layout whose size agrees with what is left of `source` and fits this machine. Throws ReadError, also
/// for objects, text, records, complex numbers and scalars.
[[nodiscard]] ArrayLayout npy_layout(const Source& source, const NpyHeader& header);

/// A whole .npy.
[[nodiscard]] Embeddings read_npy_features(Source& source);
[[nodiscard]] std::vector<std::uint8_t> read_npy_labels(Source& source);

/// Parses the dict literal that lies at byte `offset` of the file `name`.
[[nodiscard]] NpyHeader parse_npy_dict(std::string_view text, const std::string& name, std::uint64_t offset);

}  // namespace kernad::io
