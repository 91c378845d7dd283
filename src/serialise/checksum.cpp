// CRC-32 as zlib, PNG and gzip have it (polynomial 0xedb88320, reflected): by the processor's carry-less
// multiplication, or eight bytes at a time by eight tables. zlib itself is no part of the Python module.
#include "serialise/checksum.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/kernels.hpp"

namespace kernad::serialise {
namespace {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

/// tables[k][b]: what a byte b does to the remainder when k more bytes follow it.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? 0xedb88320U : 0);
    tables[0][byte] = rest;
  }
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t rest = tables[k - 1][byte];
      tables[k][byte] = (rest >> 8) ^ tables[0][rest & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

class Crc32 {
 public:
  void add(std::span<const std::byte> bytes) {
    const auto fold = kernels::active().fold_crc32;
    constexpr std::size_t kWorthwhile = 4 * kernels::kCrcMultiple;
    if (fold != nullptr && bytes.size() >= kWorthwhile) {
      const std::size_t whole = bytes.size() / kernels::kCrcMultiple * kernels::kCrcMultiple;
      std::array<std::byte, 16> folded{};
      fold(bytes.data(), whole, rest_, folded.data());
      rest_ = 0;
      add_by_tables(folded);
      bytes = bytes.subspan(whole);
    }
    add_by_tables(bytes);
  }

  /// The text, and a null byte that ends it.
  void add(std::string_view text) {
    add(std::as_bytes(std::span(text)));
    constexpr std::byte kEnd{};
    add(std::span(&kEnd, 1));
  }

  [[nodiscard]] std::uint32_t value() const { return ~rest_; }

 private:
  void add_by_tables(std::span<const std::byte> bytes) {
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
      std::uint32_t next = 0;
      for (std::size_t k = 0; k < 8; ++k) {
        const std::uint32_t mixed = k < 4 ? rest_ >> (8 * k) : 0;
        next ^= kTables[7 - k][(mixed ^ std::to_integer<std::uint32_t>(bytes[k])) & 0xff];
      }
      rest_ = next;
    }
    for (const std::byte byte : bytes)
      rest_ = (rest_ >> 8) ^ kTables[0][(rest_ & 0xff) ^ std::to_integer<std::uint8_t>(byte)];
  }

  std::uint32_t rest_ = ~0U;
};

}  // namespace

std::string checksum_of(const StateDict& state) {
  Crc32 crc;
  for (const auto& [key, text] : state.metadata) {
    if (key == checksum_key) continue;
    crc.add(key);
    crc.add(text);
  }
  for (const auto& [name, tensor] : state.tensors) {
    crc.add(name);
    crc.add(to_string(tensor.dtype));
    crc.add(fmt::format("{}", fmt::join(tensor.shape, ",")));
    crc.add(tensor.bytes);
  }
  return fmt::format("{:08x}", crc.value());
}

}  // namespace kernad::serialise
