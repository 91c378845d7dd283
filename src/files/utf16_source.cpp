#include "files/utf16_source.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "files/message.hpp"
#include "files/utf8.hpp"

namespace kernad::files {
namespace {

constexpr char32_t kReplacement = 0xfffd;

bool is_high(char32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low(char32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

}  // namespace

Utf16Source::Utf16Source(std::unique_ptr<Source> source, Order order)
    : Source(source->name(), unknown_size), source_(std::move(source)), order_(order) {}

std::size_t Utf16Source::read_some(std::span<std::byte> out) {
  while (given_ == text_.size()) {
    if (!fill()) return 0;
  }
  const std::size_t count = std::min(out.size(), text_.size() - given_);
  std::memcpy(out.data(), text_.data() + given_, count);
  given_ += count;
  return count;
}

/// False at the end of the source.
bool Utf16Source::fill() {
  text_.clear();
  given_ = 0;
  const std::size_t got = source_->read(buffer_);
  if (got % 2 != 0) fail_at(name(), source_->position() - 1, "half a character of UTF-16 ends the file");
  if (got == 0) {
    if (std::exchange(high_, 0) == 0) return false;
    append_utf8(text_, kReplacement);
    return true;
  }
  for (std::size_t i = 0; i < got; i += 2) {
    const auto first = std::to_integer<char32_t>(buffer_[i]);
    const auto second = std::to_integer<char32_t>(buffer_[i + 1]);
    add(order_ == Order::little_endian ? second << 8 | first : first << 8 | second);
  }
  return true;
}

void Utf16Source::add(char32_t unit) {
  constexpr char32_t kMark = 0xfeff;
  if (std::exchange(at_begin_, false) && unit == kMark) return;
  if (high_ != 0 && is_low(unit)) {
    append_utf8(text_, 0x10000 + ((std::exchange(high_, 0) - 0xd800) << 10) + (unit - 0xdc00));
    return;
  }
  if (std::exchange(high_, 0) != 0) append_utf8(text_, kReplacement);
  if (is_high(unit)) {
    high_ = unit;
  } else {
    append_utf8(text_, is_low(unit) ? kReplacement : unit);
  }
}

}  // namespace kernad::files
