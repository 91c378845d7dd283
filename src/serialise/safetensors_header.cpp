#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <tuple>

#include "files/dtype.hpp"
#include "files/memory_limit.hpp"
#include "files/message.hpp"
#include "serialise/safetensors.hpp"
#include "serialise/strict_json.hpp"

namespace kernad::serialise {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t header_start = 8;
constexpr std::size_t header_depth = 3;  // header > tensor > shape
// Of 100,000 tensors or more; a header of 100 MB could have 50 million, which would take gigabytes as JSON.
constexpr std::size_t max_header_values = 1'000'000;

class HeaderReader {
 public:
  HeaderReader(const std::string& name, std::uint64_t data_size) : name_(name), data_size_(data_size) {}

  SafetensorsHeader read(const Json& json) const {
    if (!json.is_object()) fail_here("the header must be a JSON object");
    SafetensorsHeader header;
    for (const auto& [key, value] : json.items()) {
      if (key == "__metadata__") {
        read_metadata(value, header);
      } else {
        header.tensors.push_back(read_tensor(key, value));
      }
    }
    std::sort(header.tensors.begin(), header.tensors.end(), [](const TensorEntry& a, const TensorEntry& b) {
      return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
    });
    check_cover(header.tensors);
    return header;
  }

 private:
  [[noreturn]] void fail_here(const std::string& text) const { files::fail_at(name_, header_start, text); }

  [[noreturn]] void fail_tensor(const std::string& tensor, const std::string& text) const {
    fail_here(fmt::format("tensor {}: {}", files::quote(tensor), text));
  }

  void read_metadata(const Json& json, SafetensorsHeader& header) const {
    if (!json.is_object()) fail_here("'__metadata__' must map texts to texts");
    for (const auto& [key, value] : json.items()) {
      if (!value.is_string())
        fail_here(fmt::format("'__metadata__': the value of {} must be a text", files::quote(key)));
      header.metadata[key] = value.get<std::string>();
    }
  }

  TensorEntry read_tensor(const std::string& tensor, const Json& json) const {
    if (!json.is_object() || json.size() != 3 || !json.contains("dtype") || !json.contains("shape") ||
        !json.contains("data_offsets")) {
      fail_tensor(tensor, "must have dtype, shape and data_offsets, and nothing else");
    }
    TensorEntry entry;
    entry.name = tensor;
    entry.dtype = read_dtype(tensor, json["dtype"]);
    entry.shape = read_sizes(tensor, "shape", json["shape"]);
    const auto offsets = read_sizes(tensor, "data_offsets", json["data_offsets"]);
    if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_size_) {
      fail_tensor(tensor, fmt::format("data_offsets must be [begin, end] within the {} bytes that follow the header",
                                      data_size_));
    }
    entry.begin = offsets[0];
    entry.end = offsets[1];
    const std::uint64_t needed = files::checked_size(entry.shape, size_of(entry.dtype), name_, header_start);
    if (needed != entry.end - entry.begin) {
      fail_tensor(tensor, fmt::format("{} of shape {} takes {} bytes but data_offsets span {}", to_string(entry.dtype),
                                      files::shape_text(entry.shape), needed, entry.end - entry.begin));
    }
    return entry;
  }

  DType read_dtype(const std::string& tensor, const Json& json) const {
    if (!json.is_string()) fail_tensor(tensor, "dtype must be a text");
    const auto& text = json.get_ref<const std::string&>();
    const auto dtype = files::dtype_from_safetensors(text);
    if (!dtype) {
      fail_tensor(tensor, fmt::format("unknown dtype {}; valid: BOOL, U8, I8, U16, I16, U32, I32, U64, I64, F16, BF16, "
                                      "F32, F64",
                                      files::quote(text)));
    }
    return *dtype;
  }

  std::vector<std::size_t> read_sizes(const std::string& tensor, std::string_view key, const Json& json) const {
    if (!json.is_array()) fail_tensor(tensor, fmt::format("{} must be a list of sizes", key));
    std::vector<std::size_t> sizes;
    for (const Json& size : json) {
      if (!size.is_number_unsigned()) {
        fail_tensor(tensor, fmt::format("{} must hold whole numbers from 0 to 2^64 - 1", key));
      }
      sizes.push_back(size.get<std::size_t>());
    }
    return sizes;
  }

  void check_cover(const std::vector<TensorEntry>& tensors) const {
    std::uint64_t covered = 0;
    for (const TensorEntry& entry : tensors) {
      if (entry.begin != covered) {
        fail_tensor(entry.name, fmt::format("its bytes begin at {} where {} is next: tensors must follow each other "
                                            "without hole or overlap",
                                            entry.begin, covered));
      }
      covered = entry.end;
    }
    if (covered != data_size_) {
      fail_here(fmt::format("the tensors take {} bytes but {} follow the header", covered, data_size_));
    }
  }

  const std::string& name_;
  std::uint64_t data_size_;
};

/// A .zip, which torch.save writes, or the pickle that it wrote before 2020.
bool looks_like_pytorch(std::span<const std::byte> start) {
  const auto begins_with = [&](std::initializer_list<int> bytes) {
    return std::equal(bytes.begin(), bytes.end(), start.begin(),
                      [](int byte, std::byte found) { return byte == std::to_integer<int>(found); });
  };
  return begins_with({'P', 'K', 3, 4}) || begins_with({0x80, 2, 0x8a, 0x0a});
}

std::uint64_t read_header_length(files::Source& source) {
  std::array<std::byte, 8> bytes;
  source.read_exactly(bytes, "the header's length");
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) length |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  if (length > max_safetensors_header && looks_like_pytorch(bytes)) {
    files::fail_at(source.name(), 0,
                   "this is a PyTorch file, not .safetensors; of an anomalib checkpoint kernad-import, a command of "
                   "kernad's Python package, makes a model file");
  }
  if (length > max_safetensors_header) {
    files::fail_at(source.name(), 0,
                   fmt::format("the header claims {} bytes; at most {} is valid: is this a .safetensors file?", length,
                               max_safetensors_header));
  }
  if (length > source.remaining()) {
    files::fail_at(source.name(), 0,
                   fmt::format("the header claims {} bytes but the file ends after {}", length, source.remaining()));
  }
  return length;
}

}  // namespace

SafetensorsHeader read_safetensors_header(files::Source& source) {
  std::string text(static_cast<std::size_t>(read_header_length(source)), '\0');
  source.read_exactly(std::as_writable_bytes(std::span(text)), "the header");
  const Json json = parse_json(text, header_depth, source.name(), header_start, max_header_values);
  return HeaderReader(source.name(), source.remaining()).read(json);
}

}  // namespace kernad::serialise
