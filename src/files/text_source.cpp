#include "files/text_source.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "files/gzip_source.hpp"
#include "files/message.hpp"
#include "files/utf16_source.hpp"

namespace kernad::files {
namespace {

bool begins(std::span<const std::byte> bytes, std::string_view with) {
  return bytes.size() >= with.size() && std::memcmp(bytes.data(), with.data(), with.size()) == 0;
}

/// ASCII in UTF-16 without a byte order mark: exactly every other of the first bytes, from `first` on, is zero.
bool has_zeros(std::span<const std::byte> bytes, std::size_t first) {
  const std::size_t count = std::min<std::size_t>(bytes.size() / 2 * 2, 64);
  for (std::size_t i = 0; i < count; ++i) {
    if ((bytes[i] == std::byte{0}) != (i % 2 == first)) return false;
  }
  return count >= 4;
}

}  // namespace

PeekSource::PeekSource(std::unique_ptr<Source> source, std::size_t count, bool as_it_comes)
    : Source(source->name(), source->size()), source_(std::move(source)), ahead_(count) {
  std::size_t got = 0;
  const auto has_line = [&] {
    return std::ranges::count(std::span(ahead_).first(got), static_cast<std::byte>('\n')) != 0;
  };
  while (got < count && !(as_it_comes && !source_->has_arrived() && has_line())) {
    const std::size_t more = source_->read_arrived(std::span(ahead_).subspan(got));
    got += more;
    is_whole_ = more == 0;
    if (is_whole_) break;
  }
  ahead_.resize(got);
}

std::size_t PeekSource::read_some(std::span<std::byte> out) {
  if (given_ == ahead_.size()) return is_whole_ ? 0 : source_->read_arrived(out);
  const std::size_t count = std::min(out.size(), ahead_.size() - given_);
  std::copy_n(ahead_.begin() + static_cast<std::ptrdiff_t>(given_), count, out.begin());
  given_ += count;
  return count;
}

std::unique_ptr<Source> as_text(std::unique_ptr<Source> source, bool as_it_comes) {
  constexpr std::size_t kAhead = 64;
  using namespace std::string_view_literals;
  auto peek = std::make_unique<PeekSource>(std::move(source), kAhead, as_it_comes);
  if (begins(peek->ahead(), "\x1f\x8b")) {
    peek = std::make_unique<PeekSource>(std::make_unique<GzipSource>(std::move(peek)), kAhead);
  }
  const auto ahead = peek->ahead();
  if (begins(ahead, "\xff\xfe\0\0"sv) || begins(ahead, "\0\0\xfe\xff"sv)) {
    fail(peek->name(), "is a text in UTF-32; valid: UTF-8, or UTF-16");
  }
  if (begins(ahead, "\xff\xfe") || has_zeros(ahead, 1)) {
    return std::make_unique<Utf16Source>(std::move(peek), Utf16Source::Order::little_endian);
  }
  if (begins(ahead, "\xfe\xff") || has_zeros(ahead, 0)) {
    return std::make_unique<Utf16Source>(std::move(peek), Utf16Source::Order::big_endian);
  }
  if (begins(ahead, "\xef\xbb\xbf")) peek->drop(3);
  return peek;
}

}  // namespace kernad::files
