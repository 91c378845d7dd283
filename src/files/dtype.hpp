// Element types: their names in each format, and raw bytes of any of them to float or double.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernad/state_dict.hpp"

namespace kernad::files {

enum class ByteOrder : std::uint8_t { little, big };

inline constexpr ByteOrder native_order =
    std::endian::native == std::endian::little ? ByteOrder::little : ByteOrder::big;

/// A number type in a file.
struct NumberFormat {
  DType dtype = DType::f32;
  ByteOrder order = ByteOrder::little;
};

/// The type that safetensors calls `name` ("F32"); none for an unknown one.
[[nodiscard]] std::optional<DType> dtype_from_safetensors(std::string_view name) noexcept;

/// The type that NumPy describes as `descr` ("<f4", "|b1", ">i8"); none when it is not a real number of 1 to 8 bytes.
[[nodiscard]] std::optional<NumberFormat> format_from_numpy(std::string_view descr) noexcept;

/// IEEE 754 half precision, exactly; NaN stays NaN.
[[nodiscard]] float float_from_half(std::uint16_t bits) noexcept;

/// out[i] = the i-th number of `bytes`, which holds out.size() of them. Booleans are 0 and 1; 64-bit integers beyond
/// 2^53 are rounded.
void decode(std::span<const std::byte> bytes, NumberFormat format, std::span<double> out);

/// The same in float32. Stops at the first finite value beyond float32 and returns its index; out.size() if there is
/// none.
[[nodiscard]] std::size_t decode(std::span<const std::byte> bytes, NumberFormat format, std::span<float> out);

}  // namespace kernad::files
