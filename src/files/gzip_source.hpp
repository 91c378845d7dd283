// Decompresses gzip data as they are read.
#pragma once

#include <zlib.h>

#include <array>
#include <cstddef>
#include <memory>

#include "files/source.hpp"

namespace kernad::files {

/// Consecutive members are read as one. Throws ReadError, with the byte in the compressed file, if it is damaged or
/// truncated.
class GzipSource final : public Source {
 public:
  explicit GzipSource(std::unique_ptr<Source> packed);
  ~GzipSource() override;

 private:
  std::size_t read_some(std::span<std::byte> out) override;
  bool fill();

  std::unique_ptr<Source> packed_;
  z_stream stream_ = {};
  std::array<unsigned char, 65536> buffer_;
  bool in_member_ = true;
};

}  // namespace kernad::files
