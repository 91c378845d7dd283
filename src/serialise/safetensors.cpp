#include "serialise/safetensors.hpp"

#include <utility>

#include "files/memory_limit.hpp"
#include "files/message.hpp"

namespace kernad {
namespace serialise {

StateDict read_safetensors(files::Source& source) {
  SafetensorsHeader header = read_safetensors_header(source);
  files::require_memory(source.remaining(), source.name(), source.position());
  StateDict state;
  state.metadata = std::move(header.metadata);
  for (TensorEntry& entry : header.tensors) {
    Tensor tensor{entry.dtype, std::move(entry.shape), std::vector<std::byte>(entry.end - entry.begin)};
    source.read_exactly(tensor.bytes, "tensor " + files::quote(entry.name));
    state.tensors.emplace(std::move(entry.name), std::move(tensor));
  }
  source.expect_end();
  return state;
}

}  // namespace serialise

StateDict read_safetensors(const std::string& path) { return serialise::read_safetensors(*files::open_file(path)); }

StateDict from_safetensors(std::span<const std::byte> bytes) {
  files::MemorySource source("safetensors bytes", bytes);
  return serialise::read_safetensors(source);
}

}  // namespace kernad
