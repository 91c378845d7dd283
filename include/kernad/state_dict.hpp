// The fitted state as named tensors: the exchange format between the classifier and .safetensors files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernad/export.hpp"

namespace kernad {

/// Element types of the safetensors format that kernad supports.
enum class DType : std::uint8_t { boolean, u8, i8, u16, i16, u32, i32, u64, i64, f16, bf16, f32, f64 };

/// Bytes of one element.
[[nodiscard]] KERNAD_API std::size_t size_of(DType dtype) noexcept;
/// Its name in the format: "F32", "I64", "BOOL" ...
[[nodiscard]] KERNAD_API std::string_view to_string(DType dtype) noexcept;

/// A dense tensor, row-major, little-endian. bytes.size() == product(shape) * size_of(dtype); an empty shape is a
/// scalar.
struct KERNAD_API Tensor {
  DType dtype = DType::f32;        ///< of every element
  std::vector<std::size_t> shape;  ///< the length of each dimension
  std::vector<std::byte> bytes;    ///< the elements, row after row

  /// Copies `values`, row after row. Throws InvalidParameter unless they fill the shape.
  [[nodiscard]] static Tensor from(std::span<const float> values, std::vector<std::size_t> shape);
  /// The same, as F64.
  [[nodiscard]] static Tensor from(std::span<const double> values, std::vector<std::size_t> shape);
  /// The same, as I64.
  [[nodiscard]] static Tensor from(std::span<const std::int64_t> values, std::vector<std::size_t> shape);

  /// Number of elements: the product of the shape.
  [[nodiscard]] std::size_t size() const noexcept;
  /// All elements as double, whatever the dtype (64-bit integers beyond 2^53 are rounded). Throws InvalidParameter when
  /// the bytes do not fill the shape.
  [[nodiscard]] std::vector<double> to_f64() const;
};

/// Named tensors and free texts (safetensors' `__metadata__`).
struct StateDict {
  std::map<std::string, Tensor, std::less<>> tensors;        ///< by name
  std::map<std::string, std::string, std::less<>> metadata;  ///< texts by key
};

/// Reads a whole .safetensors file. Throws ReadError, with path and byte offset, for a file that cannot be opened, is
/// truncated, or whose header lies: every name, dtype, shape and offset is checked before memory is allocated.
[[nodiscard]] KERNAD_API StateDict read_safetensors(const std::string& path);

/// Writes one .safetensors file: to a temporary file in the same folder, synced, then renamed over `path`, so that
/// `path` is at every moment either the old file or the new one. The same state gives the same bytes. Throws
/// WriteError, leaving the old file, when that fails; InvalidParameter for a tensor whose bytes do not fill its shape,
/// or a name that the format does not allow (not UTF-8, or "__metadata__").
KERNAD_API void write_safetensors(const std::string& path, const StateDict& state);

/// The contents of such a file. Throws InvalidParameter as write_safetensors does.
[[nodiscard]] KERNAD_API std::vector<std::byte> to_safetensors(const StateDict& state);
/// The state in such bytes. Throws ReadError as read_safetensors does.
[[nodiscard]] KERNAD_API StateDict from_safetensors(std::span<const std::byte> bytes);

}  // namespace kernad
