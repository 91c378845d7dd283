#include "serialise/safetensors.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "files/memory_limit.hpp"
#include "files/message.hpp"
#include "memory/huge_pages.hpp"
#include "serialise/checksum.hpp"

namespace kernad {
namespace serialise {
namespace {

/// Compares the checksum with the rest, if there is one, and takes it out. Throws ReadError.
void check(StateDict& state, const std::string& name) {
  const auto entry = state.metadata.find(checksum_key);
  if (entry == state.metadata.end()) return;
  if (const std::string found = checksum_of(state); found != entry->second) {
    files::fail(name,
                fmt::format("damaged, or changed by another program: its checksum is {}, but metadata '{}' is {}; "
                            "a program that changes a model has to leave out that key",
                            found, checksum_key, files::quote(entry->second)));
  }
  state.metadata.erase(entry);
}

}  // namespace

StateDict read_safetensors(files::Source& source) {
  SafetensorsHeader header = read_safetensors_header(source);
  files::require_memory(source.remaining(), source.name(), source.position());
  StateDict state;
  state.metadata = std::move(header.metadata);
  for (TensorEntry& entry : header.tensors) {
    Tensor tensor{entry.dtype, std::move(entry.shape), memory::zeros<std::byte>(entry.end - entry.begin)};
    source.read_exactly(tensor.bytes, "tensor " + files::quote(entry.name));
    state.tensors.emplace(std::move(entry.name), std::move(tensor));
  }
  source.expect_end();
  check(state, source.name());
  return state;
}

}  // namespace serialise

StateDict read_safetensors(const std::string& path) { return serialise::read_safetensors(*files::open_file(path)); }

StateDict from_safetensors(std::span<const std::byte> bytes) {
  files::MemorySource source("safetensors bytes", bytes);
  return serialise::read_safetensors(source);
}

}  // namespace kernad
