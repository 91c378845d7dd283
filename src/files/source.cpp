#include "files/source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include "files/message.hpp"

namespace kernad::files {
namespace {

struct stat status_of(const FileDescriptor& file, const std::string& path) {
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) fail(path, system_reason(errno));
  if (S_ISDIR(status.st_mode)) fail(path, "is a folder; a file is needed");
  return status;
}

class FileSource final : public Source {
 public:
  FileSource(std::string name, FileDescriptor descriptor, std::uint64_t size)
      : Source(std::move(name), size),
        descriptor_(std::move(descriptor)),
        opened_(status_of(descriptor_, Source::name())) {}

  [[nodiscard]] bool has_arrived() const override {
    pollfd state = {descriptor_.get(), POLLIN, 0};
    return ::poll(&state, 1, 0) != 0;  // an error as well: the read that follows reports it
  }

  void expect_unchanged() const override {
    if (!S_ISREG(opened_.st_mode)) return;
    const struct stat now = status_of(descriptor_, name());
    const bool same_time =
        now.st_mtim.tv_sec == opened_.st_mtim.tv_sec && now.st_mtim.tv_nsec == opened_.st_mtim.tv_nsec;
    if (now.st_size == opened_.st_size && same_time) return;
    fail(name(), fmt::format("was changed while it was read: it had {} bytes and has {}; read it once it is complete, "
                             "or a copy",
                             opened_.st_size, now.st_size));
  }

 private:
  std::size_t read_some(std::span<std::byte> out) override {
    for (;;) {
      const ssize_t got = ::read(descriptor_.get(), out.data(), out.size());
      if (got == 0) expect_unchanged();
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) fail_at(name(), position(), system_reason(errno));
    }
  }

  bool move_to(std::uint64_t position) override {
    return size() != unknown_size && ::lseek(descriptor_.get(), static_cast<off_t>(position), SEEK_SET) >= 0;
  }

  FileDescriptor descriptor_;
  struct stat opened_;
};

FileDescriptor open_for_reading(const std::string& path, int extra_flags) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | extra_flags));
  if (file.get() < 0) fail(path, "cannot be opened: " + system_reason(errno));
  return file;
}

}  // namespace

std::size_t Source::read(std::span<std::byte> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const std::size_t got = read_some(out.subspan(filled));
    if (got == 0) break;
    filled += got;
    position_ += got;
  }
  return filled;
}

void Source::read_exactly(std::span<std::byte> out, const std::string& what) {
  const std::uint64_t start = position_;
  const std::size_t got = read(out);
  if (got < out.size()) {
    fail_at(name_, start, fmt::format("{} is {} bytes but only {} follow", what, out.size(), got));
  }
}

std::size_t Source::read_arrived(std::span<std::byte> out) {
  const std::size_t got = out.empty() ? 0 : read_some(out);
  position_ += got;
  return got;
}

bool Source::move_to(std::uint64_t /*position*/) { return false; }

bool Source::seek(std::uint64_t position) {
  if (!move_to(position)) return false;
  position_ = position;
  return true;
}

void Source::skip(std::uint64_t count) {
  assert(count <= remaining());
  if (seek(position_ + count)) return;
  std::array<std::byte, 65536> buffer;
  while (count > 0) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(count, buffer.size()));
    read_exactly(std::span(buffer).first(part), "a skipped part");
    count -= part;
  }
}

void Source::expect_end() {
  const std::uint64_t end = position_;
  std::byte extra{};
  if (read(std::span(&extra, 1)) != 0) fail_at(name_, end, "bytes follow where the data should end");
}

std::size_t MemorySource::read_some(std::span<std::byte> out) {
  const std::size_t count = std::min(out.size(), left_.size());
  if (count != 0) std::memcpy(out.data(), left_.data(), count);
  left_ = left_.subspan(count);
  return count;
}

bool MemorySource::move_to(std::uint64_t position) {
  if (position > bytes_.size()) return false;
  left_ = bytes_.subspan(static_cast<std::size_t>(position));
  return true;
}

FileDescriptor::~FileDescriptor() {
  if (number_ >= 0) ::close(number_);
}

int FileDescriptor::release() noexcept { return std::exchange(number_, -1); }

RegularFile open_regular_file(const std::string& path) {
  // O_NONBLOCK: opening a pipe without a writer must fail and not block. It has no effect on a file.
  FileDescriptor file = open_for_reading(path, O_NONBLOCK);
  const struct stat status = status_of(file, path);
  if (!S_ISREG(status.st_mode)) fail(path, "is a pipe or device; a regular file is needed (only CSV may be piped)");
  return {std::move(file), static_cast<std::uint64_t>(status.st_size)};
}

std::unique_ptr<Source> open_file(const std::string& path) {
  RegularFile file = open_regular_file(path);
  return std::make_unique<FileSource>(path, std::move(file.descriptor), file.size);
}

std::unique_ptr<Source> open_stream(const std::string& path) {
  FileDescriptor file = open_for_reading(path, 0);
  (void)status_of(file, path);
  return std::make_unique<FileSource>(path, std::move(file), Source::unknown_size);
}

std::unique_ptr<Source> standard_input() {
  FileDescriptor copy(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  if (copy.get() < 0) fail("standard input", system_reason(errno));
  (void)status_of(copy, "standard input");
  return std::make_unique<FileSource>("standard input", std::move(copy), Source::unknown_size);
}

}  // namespace kernad::files
