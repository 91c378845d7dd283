#include "files/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "files/message.hpp"
#include "files/source.hpp"
#include "kernad/error.hpp"
#include "kernad/io.hpp"

namespace kernad::files {
namespace {

[[noreturn]] void fail_to_write(const std::string& path, const std::string& reason) {
  throw WriteError(path + ": cannot be written: " + reason);
}

[[noreturn]] void fail_with_errno(const std::string& path) { fail_to_write(path, system_reason(errno)); }

// Where the bytes go: behind a symbolic link, the file that it points to.
std::filesystem::path real_target(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return path;
    fail_with_errno(path);
  }
  if (S_ISDIR(status.st_mode)) fail_to_write(path, "it is a folder");
  if (!S_ISREG(status.st_mode)) fail_to_write(path, "it is not a regular file");
  std::error_code error;
  std::filesystem::path target = std::filesystem::canonical(path, error);
  if (error) fail_to_write(path, error.message());
  return target;
}

// A new file next to the target. Unless it is renamed, it is removed with its owner.
class NewFile {
 public:
  NewFile(int folder, const std::string& path) : folder_(folder), path_(path), file_(create()) {}
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (!renamed_) (void)::unlinkat(folder_, name_.c_str(), 0);
  }

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t done = ::write(file_.get(), bytes.data(), bytes.size());
      if (done >= 0) {
        bytes = bytes.subspan(static_cast<std::size_t>(done));
      } else if (errno != EINTR) {
        fail_with_errno(path_);
      }
    }
  }

  void finish(const std::string& target_name) {
    if (::fsync(file_.get()) != 0) fail_with_errno(path_);
    if (::close(file_.release()) != 0 && errno != EINTR) fail_with_errno(path_);
    if (::renameat(folder_, name_.c_str(), folder_, target_name.c_str()) != 0) fail_with_errno(path_);
    renamed_ = true;
  }

 private:
  int create() {
    static std::atomic<unsigned> count{0};
    for (;;) {
      name_ = fmt::format(".kernad-{}-{}.tmp", ::getpid(), count++);
      const int number = ::openat(folder_, name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (number >= 0) return number;
      if (errno != EEXIST) fail_with_errno(path_);
    }
  }

  int folder_;
  const std::string& path_;
  std::string name_;
  FileDescriptor file_;
  bool renamed_ = false;
};

}  // namespace

void replace_file(const std::string& path, std::span<const std::span<const std::byte>> pieces) {
  const std::filesystem::path target = real_target(path);
  if (!target.has_filename()) fail_to_write(path, "it names no file");
  const std::string folder_name = target.has_parent_path() ? target.parent_path().string() : ".";
  const FileDescriptor folder(::open(folder_name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) fail_with_errno(path);

  NewFile file(folder.get(), path);
  for (const auto& piece : pieces) file.write(piece);
  file.finish(target.filename().string());
  // The rename is not on the disk before its folder is. A file system that cannot sync folders says EINVAL.
  if (::fsync(folder.get()) != 0 && errno != EINVAL) fail_with_errno(path);
}

}  // namespace kernad::files

namespace kernad {

void write_file_atomically(const std::string& path, std::span<const std::byte> bytes) {
  files::replace_file(path, std::span(&bytes, 1));
}

}  // namespace kernad
