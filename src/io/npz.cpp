#include "io/npz.hpp"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>

#include "files/message.hpp"
#include "io/npy.hpp"

namespace kernad::io {
namespace {

// Deflate cannot exceed 258 bytes per two bits; an entry that claims more has a false size.
constexpr std::uint64_t max_deflate_ratio = 1032;

struct CloseEntry {
  void operator()(zip_file_t* file) const noexcept { (void)zip_fclose(file); }
};

class ZipEntrySource final : public files::Source {
 public:
  ZipEntrySource(std::string name, std::uint64_t size, std::shared_ptr<zip> archive,
                 std::unique_ptr<zip_file_t, CloseEntry> file)
      : files::Source(std::move(name), size), archive_(std::move(archive)), file_(std::move(file)) {}

 private:
  std::size_t read_some(std::span<std::byte> out) override {
    const zip_int64_t got = zip_fread(file_.get(), out.data(), out.size());
    if (got < 0) files::fail_at(name(), position(), zip_file_strerror(file_.get()));
    return static_cast<std::size_t>(got);
  }

  std::shared_ptr<zip> archive_;  // closed after its entry
  std::unique_ptr<zip_file_t, CloseEntry> file_;
};

// A libzip error, released with its owner.
class ZipError {
 public:
  ZipError() { zip_error_init(&error_); }
  explicit ZipError(int code) { zip_error_init_with_code(&error_, code); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  ~ZipError() { zip_error_fini(&error_); }

  [[nodiscard]] zip_error_t* get() noexcept { return &error_; }
  [[nodiscard]] std::string text() { return zip_error_strerror(&error_); }

 private:
  zip_error_t error_;
};

[[noreturn]] void fail_to_open(const std::string& name, ZipError& error) {
  files::fail(name, "this is not a readable .npz (zip) archive: " + error.text());
}

}  // namespace

NpzArchive NpzArchive::open(const std::string& path) {
  files::RegularFile file = files::open_regular_file(path);
  int code = 0;
  zip_t* const archive = zip_fdopen(file.descriptor.get(), 0, &code);
  if (archive == nullptr) {
    ZipError error(code);
    fail_to_open(path, error);
  }
  (void)file.descriptor.release();  // libzip closes it now
  return {path, file.size, std::shared_ptr<zip>(archive, zip_discard)};
}

NpzArchive NpzArchive::from_memory(const std::string& name, std::span<const std::byte> bytes) {
  ZipError error;
  zip_source_t* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, error.get());
  if (source == nullptr) fail_to_open(name, error);
  zip_t* const archive = zip_open_from_source(source, ZIP_RDONLY, error.get());
  if (archive == nullptr) {
    zip_source_free(source);
    fail_to_open(name, error);
  }
  return {name, bytes.size(), std::shared_ptr<zip>(archive, zip_discard)};
}

NpzArchive::NpzArchive(std::string name, std::uint64_t file_size, std::shared_ptr<zip> archive)
    : name_(std::move(name)), file_size_(file_size), archive_(std::move(archive)) {
  const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t stat;
    const auto index = static_cast<zip_uint64_t>(i);
    if (zip_stat_index(archive_.get(), index, 0, &stat) != 0) files::fail(name_, zip_strerror(archive_.get()));
    constexpr auto known = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    if ((stat.valid & ZIP_STAT_NAME) == 0) continue;
    std::string_view entry_name = stat.name;
    if (!entry_name.ends_with(".npy")) continue;
    entry_name.remove_suffix(4);
    const bool readable = (stat.valid & known) == known && stat.encryption_method == ZIP_EM_NONE &&
                          (stat.comp_method == ZIP_CM_STORE || stat.comp_method == ZIP_CM_DEFLATE);
    entries_.push_back({std::string(entry_name), index, stat.size, stat.comp_size, readable});
  }
}

std::unique_ptr<files::Source> NpzArchive::open_entry(const Entry& entry) const {
  const std::string name = name_ + ":" + files::printable(entry.array_name);
  if (!entry.readable) files::fail(name, "is packed in a way that kernad does not read; valid: stored, deflated");
  if (entry.packed_size > file_size_ || entry.size / max_deflate_ratio > entry.packed_size) {
    files::fail(name, fmt::format("claims to be {} bytes, packed in {}, in a file of {}: that cannot be", entry.size,
                                  entry.packed_size, file_size_));
  }
  std::unique_ptr<zip_file_t, CloseEntry> file(zip_fopen_index(archive_.get(), entry.zip_index, 0));
  if (!file) files::fail(name, zip_strerror(archive_.get()));
  return std::make_unique<ZipEntrySource>(name, entry.size, archive_, std::move(file));
}

std::vector<ArrayEntry> NpzArchive::describe() const {
  std::vector<ArrayEntry> arrays;
  for (const Entry& entry : entries_) {
    const auto source = open_entry(entry);
    NpyHeader header = read_npy_header(*source);
    arrays.push_back({entry.array_name, std::move(header.shape), header.format.has_value()});
  }
  return arrays;
}

const NpzArchive::Entry& NpzArchive::find_named(std::string_view wanted) const {
  const auto matches = [wanted](const Entry& entry) {
    return entry.array_name == wanted ||
           (wanted.ends_with(".npy") && entry.array_name == wanted.substr(0, wanted.size() - 4));
  };
  const auto found = std::find_if(entries_.begin(), entries_.end(), matches);
  if (found == entries_.end()) {
    files::fail(name_, fmt::format("has no array {}; it holds {}", files::quote(wanted), list_arrays(describe())));
  }
  if (std::any_of(found + 1, entries_.end(), matches)) {
    files::fail(name_, fmt::format("has more than one array {}", files::quote(wanted)));
  }
  return *found;
}

std::unique_ptr<files::Source> NpzArchive::find(std::string_view wanted, Role role) const {
  if (!wanted.empty()) return open_entry(find_named(wanted));
  return open_entry(find_named(entries_[choose_array(name_, describe(), role)].array_name));
}

}  // namespace kernad::io
