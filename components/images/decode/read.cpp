#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "formats.hpp"

namespace kernad::images {
namespace {

std::string reason() { return std::generic_category().message(errno); }

class File {
 public:
  explicit File(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) throw ReadError(path + ": " + reason());
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::close(fd_); }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::vector<std::byte> read_bytes(const std::string& path, const ReadLimits& limits) {
  const File file(path);
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) throw ReadError(path + ": " + reason());
  if (!S_ISREG(status.st_mode)) throw ReadError(path + ": is no file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > limits.max_bytes) {
    throw ReadError(path + ": has " + std::to_string(size) + " bytes; at most " + std::to_string(limits.max_bytes) +
                    " are read");
  }
  std::vector<std::byte> bytes(size);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw ReadError(path + ": " + reason());
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

bool starts_with(Bytes file, std::initializer_list<unsigned> magic) {
  return file.size() >= magic.size() &&
         std::equal(magic.begin(), magic.end(), file.begin(),
                    [](unsigned a, std::byte b) { return a == std::to_integer<unsigned>(b); });
}

Image decode(Bytes file, const ReadLimits& limits) {
  if (file.empty()) throw Undecodable("is empty");
  if (starts_with(file, {0xFF, 0xD8, 0xFF})) return decode_jpeg(file, limits);
  if (starts_with(file, {0x89, 'P', 'N', 'G'})) return decode_png(file, limits);
  if (starts_with(file, {'I', 'I', 42, 0}) || starts_with(file, {'M', 'M', 0, 42})) return decode_tiff(file, limits);
  if (starts_with(file, {'I', 'I', 43, 0}) || starts_with(file, {'M', 'M', 0, 43})) return decode_tiff(file, limits);
  if (starts_with(file, {'B', 'M'})) return decode_bmp(file, limits);
  throw Undecodable("is no image that is read here; valid: PNG, JPEG, BMP, TIFF");
}

}  // namespace

void require_size(std::uint64_t width, std::uint64_t height, const ReadLimits& limits) {
  if (width == 0 || height == 0) throw Undecodable("has no pixels");
  if (width <= limits.max_pixels / height) return;
  throw Undecodable("claims " + std::to_string(width) + " x " + std::to_string(height) + " pixels; at most " +
                    std::to_string(limits.max_pixels) + " are read");
}

Image decode_image(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  try {
    return decode(bytes, limits);
  } catch (const Undecodable& error) {
    throw ReadError(name + ": " + error.what());
  }
}

Image read_image(const std::string& path, const ReadLimits& limits) {
  return decode_image(read_bytes(path, limits), path, limits);
}

}  // namespace kernad::images
