// One array, whatever its file format: .npy, .npz and .safetensors all end here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "files/dtype.hpp"
#include "files/source.hpp"
#include "kernad/io.hpp"

namespace kernad::io {

/// The layout of an array in a file.
struct ArrayLayout {
  files::NumberFormat format;
  std::vector<std::size_t> shape;
  bool column_major = false;  ///< NumPy's fortran_order: the first index varies fastest
};

/// Number of values read and converted at a time: few enough for their bytes to stay in the cache.
inline constexpr std::size_t array_block = 16384;

/// The use of an array, which decides the choice from a file that holds several.
enum class Role : std::uint8_t { features, labels };

/// Features: two dimensions. Labels: one, or two of which the second is 1.
[[nodiscard]] bool fits(Role role, const std::vector<std::size_t>& shape) noexcept;

/// Checks that the array takes exactly `byte_count` bytes from the current position of `source`. Throws ReadError.
void check_size(const files::Source& source, const ArrayLayout& layout, std::uint64_t byte_count);

/// The array, of shape n or n x 1, as a 0 or 1 per row. Throws ReadError for another shape or if the source ends too
/// soon, InvalidInput as parse_labels does.
[[nodiscard]] std::vector<std::uint8_t> read_label_array(files::Source& source, const ArrayLayout& layout,
                                                         const LabelOptions& options);

/// One array of a file that holds several.
struct ArrayEntry {
  std::string name;
  std::vector<std::size_t> shape;
  bool is_numeric = true;
};

/// Chooses from `entries` if no name is given: the one called X (for labels: y), else the only one that fits the role.
/// Throws ReadError listing the file's arrays.
[[nodiscard]] std::size_t choose_array(const std::string& file, const std::vector<ArrayEntry>& entries, Role role);

/// "X (3 x 4), y (3)"; long lists are cut.
[[nodiscard]] std::string list_arrays(const std::vector<ArrayEntry>& entries);

}  // namespace kernad::io
