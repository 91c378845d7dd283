#include "files/dtype.hpp"

#include <array>
#include <cassert>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <utility>

namespace kernad {
namespace {

struct DTypeInfo {
  DType dtype;
  std::string_view safetensors;
  std::string_view numpy;  // kind and size; empty where NumPy has no such type
  std::size_t size;
};

// In the order of the enumerators, which index it.
constexpr std::array<DTypeInfo, 13> dtypes = {{
    {DType::boolean, "BOOL", "b1", 1},
    {DType::u8, "U8", "u1", 1},
    {DType::i8, "I8", "i1", 1},
    {DType::u16, "U16", "u2", 2},
    {DType::i16, "I16", "i2", 2},
    {DType::u32, "U32", "u4", 4},
    {DType::i32, "I32", "i4", 4},
    {DType::u64, "U64", "u8", 8},
    {DType::i64, "I64", "i8", 8},
    {DType::f16, "F16", "f2", 2},
    {DType::bf16, "BF16", "", 2},
    {DType::f32, "F32", "f4", 4},
    {DType::f64, "F64", "f8", 8},
}};

constexpr const DTypeInfo& info(DType dtype) noexcept { return dtypes[static_cast<std::size_t>(dtype)]; }

constexpr bool indexed_by_dtype() {
  for (std::size_t i = 0; i < dtypes.size(); ++i) {
    if (static_cast<std::size_t>(dtypes[i].dtype) != i) return false;
  }
  return true;
}
static_assert(indexed_by_dtype());

}  // namespace

std::size_t size_of(DType dtype) noexcept { return info(dtype).size; }
std::string_view to_string(DType dtype) noexcept { return info(dtype).safetensors; }

namespace files {
namespace {

// Types without a C++ counterpart: they convert to float, which holds each of their values exactly.
struct Bool {
  std::uint8_t bits;
  explicit operator float() const noexcept { return bits == 0 ? 0.0f : 1.0f; }
};
struct Half {
  std::uint16_t bits;
  explicit operator float() const noexcept { return float_from_half(bits); }
};
struct BFloat16 {
  std::uint16_t bits;
  explicit operator float() const noexcept { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
};

template <std::size_t size>
struct Word;
template <>
struct Word<1> : std::type_identity<std::uint8_t> {};
template <>
struct Word<2> : std::type_identity<std::uint16_t> {};
template <>
struct Word<4> : std::type_identity<std::uint32_t> {};
template <>
struct Word<8> : std::type_identity<std::uint64_t> {};

template <std::unsigned_integral T>
constexpr T swap_bytes(T word) noexcept {
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(word);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(word);
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(word);
  return word;
}

template <typename T>
T load(const std::byte* from, ByteOrder order) noexcept {
  typename Word<sizeof(T)>::type word;
  std::memcpy(&word, from, sizeof word);
  return std::bit_cast<T>(order == native_order ? word : swap_bytes(word));
}

template <typename T>
void decode_as(std::span<const std::byte> bytes, ByteOrder order, std::span<double> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const T value = load<T>(bytes.data() + i * sizeof(T), order);
    if constexpr (std::is_arithmetic_v<T>) {
      out[i] = static_cast<double>(value);
    } else {
      out[i] = static_cast<double>(static_cast<float>(value));
    }
  }
}

template <typename T>
std::size_t decode_as(std::span<const std::byte> bytes, ByteOrder order, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const T value = load<T>(bytes.data() + i * sizeof(T), order);
    if constexpr (std::is_same_v<T, double>) {
      if (std::isfinite(value) && std::abs(value) > double{std::numeric_limits<float>::max()}) return i;
    }
    out[i] = static_cast<float>(value);
  }
  return out.size();
}

template <typename Out>
auto decode_any(std::span<const std::byte> bytes, NumberFormat format, std::span<Out> out) {
  assert(bytes.size() == out.size() * size_of(format.dtype));
  switch (format.dtype) {
    case DType::boolean:
      return decode_as<Bool>(bytes, format.order, out);
    case DType::u8:
      return decode_as<std::uint8_t>(bytes, format.order, out);
    case DType::i8:
      return decode_as<std::int8_t>(bytes, format.order, out);
    case DType::u16:
      return decode_as<std::uint16_t>(bytes, format.order, out);
    case DType::i16:
      return decode_as<std::int16_t>(bytes, format.order, out);
    case DType::u32:
      return decode_as<std::uint32_t>(bytes, format.order, out);
    case DType::i32:
      return decode_as<std::int32_t>(bytes, format.order, out);
    case DType::u64:
      return decode_as<std::uint64_t>(bytes, format.order, out);
    case DType::i64:
      return decode_as<std::int64_t>(bytes, format.order, out);
    case DType::f16:
      return decode_as<Half>(bytes, format.order, out);
    case DType::bf16:
      return decode_as<BFloat16>(bytes, format.order, out);
    case DType::f32:
      return decode_as<float>(bytes, format.order, out);
    case DType::f64:
      break;
  }
  return decode_as<double>(bytes, format.order, out);
}

}  // namespace

std::optional<DType> dtype_from_safetensors(std::string_view name) noexcept {
  for (const DTypeInfo& known : dtypes) {
    if (known.safetensors == name) return known.dtype;
  }
  return std::nullopt;
}

std::optional<NumberFormat> format_from_numpy(std::string_view descr) noexcept {
  if (descr.size() != 3) return std::nullopt;
  ByteOrder order = native_order;  // for '='; and for '|', which marks types of one byte
  switch (descr[0]) {
    case '<':
      order = ByteOrder::little;
      break;
    case '>':
      order = ByteOrder::big;
      break;
    case '=':
    case '|':
      break;
    default:
      return std::nullopt;
  }
  for (const DTypeInfo& known : dtypes) {
    if (known.numpy == descr.substr(1)) return NumberFormat{known.dtype, order};
  }
  return std::nullopt;
}

float float_from_half(std::uint16_t bits) noexcept {
  const std::uint32_t sign = std::uint32_t{bits & 0x8000u} << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fu;
  const std::uint32_t fraction = bits & 0x3ffu;
  if (exponent == 0) {  // zero and subnormals: fraction * 2^-24, which float holds as a normal number
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign == 0 ? magnitude : -magnitude;
  }
  const std::uint32_t wide_exponent = exponent == 0x1f ? 0xffu : exponent - 15 + 127;
  return std::bit_cast<float>(sign | (wide_exponent << 23) | (fraction << 13));
}

void decode(std::span<const std::byte> bytes, NumberFormat format, std::span<double> out) {
  decode_any(bytes, format, out);
}

std::size_t decode(std::span<const std::byte> bytes, NumberFormat format, std::span<float> out) {
  return decode_any(bytes, format, out);
}

}  // namespace files
}  // namespace kernad
