// The .safetensors format: 8 bytes of length, little-endian; a JSON header of that length which gives every tensor's
// dtype, shape and position; then the bytes of the tensors, without gaps.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "files/source.hpp"
#include "kernad/state_dict.hpp"

namespace kernad::serialise {

/// The maximum length of a valid header, as in the reference implementation of the format.
inline constexpr std::uint64_t max_safetensors_header = 100'000'000;

struct TensorEntry {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::size_t> shape;
  std::uint64_t begin = 0;  ///< in bytes after the header
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<TensorEntry> tensors;  ///< in the order of their bytes, which they cover without gaps or overlap
  std::map<std::string, std::string, std::less<>> metadata;
};

/// Reads and checks the whole header, and leaves `source` at the bytes of the first tensor. Throws ReadError, naming
/// the byte or the tensor.
[[nodiscard]] SafetensorsHeader read_safetensors_header(files::Source& source);

/// A whole .safetensors file. Throws ReadError also if its content is not that of its checksum (checksum.hpp).
[[nodiscard]] StateDict read_safetensors(files::Source& source);

}  // namespace kernad::serialise
