// UTF-16 as UTF-8.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "files/source.hpp"

namespace kernad::files {

/// Without its byte order mark. Half of a surrogate pair alone becomes U+FFFD; an odd number of bytes is a ReadError.
class Utf16Source final : public Source {
 public:
  enum class Order : std::uint8_t { little_endian, big_endian };

  Utf16Source(std::unique_ptr<Source> source, Order order);

 private:
  std::size_t read_some(std::span<std::byte> out) override;
  bool fill();
  void add(char32_t unit);

  std::unique_ptr<Source> source_;
  Order order_;
  std::array<std::byte, 16384> buffer_;
  std::string text_;  // converted; not yet returned from `given_` on
  std::size_t given_ = 0;
  char32_t high_ = 0;  // the first half of a surrogate pair, or 0
  bool at_begin_ = true;
};

}  // namespace kernad::files
