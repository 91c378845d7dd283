#include "io/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/memory_limit.hpp"
#include "io/message.hpp"

namespace kernad {
namespace io {
namespace {

// Finds the tensor, checks its size, and leaves the source at its first byte.
ArrayLayout seek_tensor(Source& source, std::string_view wanted, Role role) {
  const SafetensorsHeader header = read_safetensors_header(source);
  std::vector<ArrayEntry> entries;
  for (const TensorEntry& tensor : header.tensors) entries.push_back({tensor.name, tensor.shape});

  std::size_t index = 0;
  if (wanted.empty()) {
    index = choose_array(source.name(), entries, role);
  } else {
    const auto found = std::find_if(header.tensors.begin(), header.tensors.end(),
                                    [wanted](const TensorEntry& tensor) { return tensor.name == wanted; });
    if (found == header.tensors.end()) {
      fail(source.name(), fmt::format("has no tensor {}; it holds {}", quote(wanted), list_arrays(entries)));
    }
    index = static_cast<std::size_t>(found - header.tensors.begin());
  }
  const TensorEntry& tensor = header.tensors[index];
  if (tensor.shape.empty()) {
    fail(source.name(), fmt::format("tensor {} is a scalar; one or two dimensions are needed", quote(tensor.name)));
  }
  source.skip(tensor.begin);
  ArrayLayout layout{{tensor.dtype, ByteOrder::little}, tensor.shape};
  check_size(source, layout, tensor.end - tensor.begin);
  return layout;
}

}  // namespace

StateDict read_safetensors(Source& source) {
  SafetensorsHeader header = read_safetensors_header(source);
  require_memory(source.remaining(), source.name(), source.position());
  StateDict state;
  state.metadata = std::move(header.metadata);
  for (TensorEntry& entry : header.tensors) {
    Tensor tensor{entry.dtype, std::move(entry.shape), std::vector<std::byte>(entry.end - entry.begin)};
    source.read_exactly(tensor.bytes, "tensor " + quote(entry.name));
    state.tensors.emplace(std::move(entry.name), std::move(tensor));
  }
  source.expect_end();
  return state;
}

Embeddings read_safetensors_features(Source& source, std::string_view wanted) {
  const ArrayLayout layout = seek_tensor(source, wanted, Role::features);
  return read_features(source, layout);
}

std::vector<std::uint8_t> read_safetensors_labels(Source& source, std::string_view wanted) {
  const ArrayLayout layout = seek_tensor(source, wanted, Role::labels);
  return read_label_array(source, layout);
}

}  // namespace io

StateDict read_safetensors(const std::string& path) { return io::read_safetensors(*io::open_file(path)); }

StateDict from_safetensors(std::span<const std::byte> bytes) {
  io::MemorySource source("safetensors bytes", bytes);
  return io::read_safetensors(source);
}

}  // namespace kernad
