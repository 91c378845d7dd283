// The bytes of a text file as UTF-8, whatever its compression and encoding.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "files/source.hpp"

namespace kernad::files {

/// A source whose first bytes can be inspected before they are read.
class PeekSource final : public Source {
 public:
  /// Reads up to `count` bytes ahead; from a pipe that is read as rows arrive, no more than has arrived with its first
  /// line.
  PeekSource(std::unique_ptr<Source> source, std::size_t count, bool as_it_comes = false);

  /// The bytes read ahead.
  [[nodiscard]] std::span<const std::byte> ahead() const noexcept { return ahead_; }
  /// Whether ahead() reaches the end of the source.
  [[nodiscard]] bool is_whole() const noexcept { return is_whole_; }
  /// Skips the first `count` bytes of ahead().
  void drop(std::size_t count) { ahead_.erase(ahead_.begin(), ahead_.begin() + static_cast<std::ptrdiff_t>(count)); }

  [[nodiscard]] bool has_arrived() const override { return given_ < ahead_.size() || source_->has_arrived(); }

 private:
  std::size_t read_some(std::span<std::byte> out) override;

  std::unique_ptr<Source> source_;
  std::vector<std::byte> ahead_;
  std::size_t given_ = 0;
  bool is_whole_ = false;
};

/// `source` as UTF-8 without a byte order mark: decompressed if it begins like gzip, converted if it is UTF-16 (with a
/// mark, or with a zero in every other one of its first bytes). Throws ReadError for UTF-32, and later for truncated or
/// damaged data.
[[nodiscard]] std::unique_ptr<Source> as_text(std::unique_ptr<Source> source, bool as_it_comes = false);

}  // namespace kernad::files
