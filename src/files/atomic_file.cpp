#include "files/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

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

}  // namespace

struct Target {
  FileDescriptor folder;
  std::string name;
};

static Target open_target(const std::string& path) {
  // Links to an open file: writing to standard output must not replace that file.
  const std::string plain = std::filesystem::path(path).lexically_normal().string();
  if (plain == "/dev/stdout" || plain == "/dev/stderr" || plain.starts_with("/dev/fd/") ||
      plain.starts_with("/proc/")) {
    fail_to_write(path, "it is not a regular file");
  }
  const std::filesystem::path target = real_target(path);
  if (!target.has_filename()) fail_to_write(path, "it names no file");
  const std::string folder_name = target.has_parent_path() ? target.parent_path().string() : ".";
  FileDescriptor folder(::open(folder_name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) fail_with_errno(path);
  return {std::move(folder), target.filename().string()};
}

// A new file next to the target. It has no name until it is complete, so it disappears with the process however that
// ends; on systems without such files, its owner removes it.
class NewFile {
 public:
  NewFile(int folder, const std::string& path, bool named)
      : folder_(folder), path_(path), file_(named ? create() : ::openat(folder, ".", kUnnamed, 0666)) {}
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (!name_.empty()) (void)::unlinkat(folder_, name_.c_str(), 0);
  }

  [[nodiscard]] bool is_open() const { return file_.get() >= 0; }

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

  void append_all_of(const NewFile& other) {
    std::vector<std::byte> buffer(std::size_t{1} << 16);
    for (off_t at = 0;;) {
      const ssize_t got = ::pread(other.file_.get(), buffer.data(), buffer.size(), at);
      if (got == 0) return;
      if (got < 0 && errno != EINTR) fail_with_errno(path_);
      if (got < 0) continue;
      write(std::span(buffer).first(static_cast<std::size_t>(got)));
      at += got;
    }
  }

  // False where a file cannot be given a name.
  [[nodiscard]] bool finish(const std::string& target_name) {
    if (::fsync(file_.get()) != 0) fail_with_errno(path_);
    if (name_.empty() && !link()) return false;
    if (::close(file_.release()) != 0 && errno != EINTR) fail_with_errno(path_);
    if (::renameat(folder_, name_.c_str(), folder_, target_name.c_str()) != 0) fail_with_errno(path_);
    name_.clear();
    return true;
  }

 private:
  static constexpr int kUnnamed = O_RDWR | O_TMPFILE | O_CLOEXEC;

  static std::string next_name() {
    static std::atomic<unsigned> count{0};
    return fmt::format(".kernad-{}-{}.tmp", ::getpid(), count++);
  }

  int create() {
    for (;;) {
      name_ = next_name();
      const int number = ::openat(folder_, name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (number >= 0) return number;
      if (errno == EEXIST) continue;
      name_.clear();
      fail_with_errno(path_);
    }
  }

  bool link() {
    const std::string open_file = fmt::format("/proc/self/fd/{}", file_.get());
    for (;;) {
      std::string name = next_name();
      if (::linkat(AT_FDCWD, open_file.c_str(), folder_, name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
        name_ = std::move(name);
        return true;
      }
      if (errno != EEXIST) return false;
    }
  }

  int folder_;
  const std::string& path_;
  std::string name_;  // empty: none, or no longer
  FileDescriptor file_;
};

void replace_file(const std::string& path, std::span<const std::span<const std::byte>> pieces) {
  AtomicFile file(path);
  for (const auto& piece : pieces) file.write(piece);
  file.commit();
}

}  // namespace kernad::files

namespace kernad {

struct AtomicFile::State {
  explicit State(std::string where)
      : path(std::move(where)),
        target(files::open_target(path)),
        file(std::make_unique<files::NewFile>(target.folder.get(), path, false)) {
    if (!file->is_open()) file = std::make_unique<files::NewFile>(target.folder.get(), path, true);
  }

  std::string path;
  files::Target target;
  std::unique_ptr<files::NewFile> file;
};

AtomicFile::AtomicFile(std::string path) : state_(std::make_unique<State>(std::move(path))) {}
AtomicFile::AtomicFile(AtomicFile&&) noexcept = default;
AtomicFile& AtomicFile::operator=(AtomicFile&&) noexcept = default;
AtomicFile::~AtomicFile() = default;

void AtomicFile::write(std::span<const std::byte> bytes) { state_->file->write(bytes); }

void AtomicFile::commit() {
  const auto& [path, target, file] = *state_;
  const int folder = target.folder.get();
  if (!file->finish(target.name)) {
    files::NewFile named(folder, path, true);
    named.append_all_of(*file);
    (void)named.finish(target.name);
  }
  // The rename is on the disk only after its folder is synced. A file system that cannot sync folders returns EINVAL.
  if (::fsync(folder) != 0 && errno != EINVAL) files::fail_with_errno(path);
}

void write_file_atomically(const std::string& path, std::span<const std::byte> bytes) {
  files::replace_file(path, std::span(&bytes, 1));
}

void require_writable(const std::string& path) {
  const auto target = files::open_target(path);
  if (::faccessat(target.folder.get(), ".", W_OK | X_OK, AT_EACCESS) != 0) files::fail_with_errno(path);
}

}  // namespace kernad
