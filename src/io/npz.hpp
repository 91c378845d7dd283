// NumPy's .npz: a zip archive of .npy files, stored or deflated. libzip reads the archive; what it claims about sizes
// is checked before anything is allocated, and the CRC after the last byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "files/source.hpp"
#include "io/array.hpp"

struct zip;

namespace kernad::io {

class NpzArchive {
 public:
  /// Throws ReadError if there is no readable zip archive at `path`.
  [[nodiscard]] static NpzArchive open(const std::string& path);
  /// `bytes` must outlive the archive.
  [[nodiscard]] static NpzArchive from_memory(const std::string& name, std::span<const std::byte> bytes);

  /// The array called `wanted` (with or without .npy), or if that is empty the one that choose_array returns, from its
  /// .npy signature on. It may outlive the archive.
  [[nodiscard]] std::unique_ptr<files::Source> find(std::string_view wanted, Role role) const;

 private:
  struct Entry {
    std::string array_name;  // without .npy
    std::uint64_t zip_index;
    std::uint64_t size;  // as the archive claims it
    std::uint64_t packed_size;
    bool readable;  // stored or deflated, not encrypted, sizes known
  };
  NpzArchive(std::string name, std::uint64_t file_size, std::shared_ptr<zip> archive);

  [[nodiscard]] std::unique_ptr<files::Source> open_entry(const Entry& entry) const;
  [[nodiscard]] const Entry& find_named(std::string_view wanted) const;
  [[nodiscard]] std::vector<ArrayEntry> describe() const;

  std::string name_;
  std::uint64_t file_size_;
  std::shared_ptr<zip> archive_;  // also held by open entries
  std::vector<Entry> entries_;
};

}  // namespace kernad::io
