#include "files/gzip_source.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "files/message.hpp"

namespace kernad::files {

GzipSource::GzipSource(std::unique_ptr<Source> packed)
    : Source(packed->name(), unknown_size), packed_(std::move(packed)) {
  constexpr int kGzipOnly = MAX_WBITS + 16;  // zlib.h, inflateInit2
  if (::inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc();
}

GzipSource::~GzipSource() { ::inflateEnd(&stream_); }

bool GzipSource::fill() {
  if (stream_.avail_in != 0) return true;
  stream_.next_in = buffer_.data();
  stream_.avail_in = static_cast<uInt>(packed_->read(std::as_writable_bytes(std::span(buffer_))));
  return stream_.avail_in != 0;
}

std::size_t GzipSource::read_some(std::span<std::byte> out) {
  const auto room = static_cast<uInt>(std::min<std::size_t>(out.size(), std::size_t{1} << 30));
  stream_.next_out = reinterpret_cast<unsigned char*>(out.data());
  stream_.avail_out = room;
  while (stream_.avail_out == room) {
    if (!fill()) {
      if (!in_member_) return 0;
      fail_at(name(), packed_->position(), "the packed data end before their end is due");
    }
    if (!std::exchange(in_member_, true) && ::inflateReset(&stream_) != Z_OK) throw std::bad_alloc();
    const int status = ::inflate(&stream_, Z_NO_FLUSH);
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status == Z_STREAM_END) {
      in_member_ = false;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      fail_at(name(), packed_->position() - stream_.avail_in, "the gzip data are damaged");
    }
  }
  return room - stream_.avail_out;
}

}  // namespace kernad::files
