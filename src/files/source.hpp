// Where bytes come from: a file, a pipe, memory, or an entry of a .npz. Readers see only this, so that every parser can
// be fed from memory by tests and fuzzers. Files are read, not mapped: truncating a mapped file would kill the process,
// while a failed read can be reported.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace kernad::files {

class Source {
 public:
  /// The size() of a pipe.
  static constexpr std::uint64_t unknown_size = std::numeric_limits<std::uint64_t>::max();

  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// For messages: the path, followed by the array for an entry of a .npz.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Bytes in all, as the container claims them; unknown_size for a pipe.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Bytes read so far.
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  /// Bytes still to come, as claimed. Only where the size is known.
  [[nodiscard]] std::uint64_t remaining() const noexcept { return size_ > position_ ? size_ - position_ : 0; }

  /// Fills `out` and returns its size, or less at the end of the source. Throws ReadError.
  std::size_t read(std::span<std::byte> out);
  /// Reads the bytes that have arrived, and waits only if there are none. Returns 0 at the end. Throws ReadError.
  std::size_t read_arrived(std::span<std::byte> out);
  /// Whether read_arrived() returns without waiting, as it always does except for a pipe or terminal.
  [[nodiscard]] virtual bool has_arrived() const { return true; }
  /// Fills `out`, or throws a ReadError with the message that the source ends inside `what`.
  void read_exactly(std::span<std::byte> out, const std::string& what);
  /// Skips `count` bytes, at most remaining().
  void skip(std::uint64_t count);
  /// Continues reading at byte `position`; false, without effect, if that is not possible.
  [[nodiscard]] bool seek(std::uint64_t position);
  /// Throws ReadError unless everything has been read; a .npz entry checks its CRC here.
  void expect_end();
  /// Throws ReadError if a file has been written to or cut since it was opened, which the end of one checks by itself.
  virtual void expect_unchanged() const {}

 protected:
  Source(std::string name, std::uint64_t size) : name_(std::move(name)), size_(size) {}

 private:
  /// Reads at least one byte into `out` (never empty), or returns 0 at the end.
  virtual std::size_t read_some(std::span<std::byte> out) = 0;
  /// Makes byte `position` the next to be read if that is possible; else returns false.
  virtual bool move_to(std::uint64_t position);

  std::string name_;
  std::uint64_t size_;
  std::uint64_t position_ = 0;
};

/// Reads `bytes`, which must outlive it.
class MemorySource final : public Source {
 public:
  MemorySource(std::string name, std::span<const std::byte> bytes)
      : Source(std::move(name), bytes.size()), bytes_(bytes), left_(bytes) {}

 private:
  std::size_t read_some(std::span<std::byte> out) override;
  bool move_to(std::uint64_t position) override;

  std::span<const std::byte> bytes_;
  std::span<const std::byte> left_;
};

/// An open file descriptor, closed with its owner.
class FileDescriptor {
 public:
  explicit FileDescriptor(int number) noexcept : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(other.release()) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor();

  [[nodiscard]] int get() const noexcept { return number_; }
  /// Releases ownership: the caller closes the descriptor.
  int release() noexcept;

 private:
  int number_;
};

/// Opens a regular file and finds its size. Throws ReadError with the system's reason if it cannot be opened, or naming
/// its kind if it is a folder, a pipe or a device.
struct RegularFile {
  FileDescriptor descriptor;
  std::uint64_t size;
};
[[nodiscard]] RegularFile open_regular_file(const std::string& path);

/// A regular file of known size.
[[nodiscard]] std::unique_ptr<Source> open_file(const std::string& path);
/// A file, pipe or terminal, to be read until it ends. Throws ReadError if it cannot be opened or is a folder.
[[nodiscard]] std::unique_ptr<Source> open_stream(const std::string& path);
/// Standard input, left open afterwards.
[[nodiscard]] std::unique_ptr<Source> standard_input();

}  // namespace kernad::files
