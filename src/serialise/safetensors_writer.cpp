// Writes .safetensors so that the same state gives the same bytes. Tensors are ordered by element size, largest first,
// then by name, as in the format's reference implementation. So every tensor is aligned to its elements if the first
// one is; the header is padded with blanks so that the first tensor begins at a multiple of 8. The keys of the header
// are sorted.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "files/atomic_file.hpp"
#include "files/memory_limit.hpp"
#include "files/message.hpp"
#include "kernad/error.hpp"
#include "kernad/state_dict.hpp"
#include "serialise/checksum.hpp"
#include "serialise/safetensors.hpp"

namespace kernad {
namespace {

using Json = nlohmann::json;
using NamedTensor = std::pair<std::string_view, const Tensor*>;

void check_tensor(const std::string& name, const Tensor& tensor) {
  if (name == "__metadata__") throw InvalidParameter("a tensor cannot be named '__metadata__'");
  std::uint64_t size = size_of(tensor.dtype);
  for (const std::size_t dimension : tensor.shape) {
    if (__builtin_mul_overflow(size, dimension, &size)) {
      throw InvalidParameter(
          fmt::format("tensor {}: shape {} is beyond 64 bits", files::quote(name), files::shape_text(tensor.shape)));
    }
  }
  if (size != tensor.bytes.size()) {
    throw InvalidParameter(fmt::format("tensor {}: {} of shape {} takes {} bytes but it has {}", files::quote(name),
                                       to_string(tensor.dtype), files::shape_text(tensor.shape), size,
                                       tensor.bytes.size()));
  }
}

std::vector<NamedTensor> in_file_order(const StateDict& state) {
  std::vector<NamedTensor> tensors;
  for (const auto& [name, tensor] : state.tensors) {
    check_tensor(name, tensor);
    tensors.emplace_back(name, &tensor);
  }
  std::stable_sort(tensors.begin(), tensors.end(), [](const NamedTensor& a, const NamedTensor& b) {
    return size_of(a.second->dtype) > size_of(b.second->dtype);
  });
  return tensors;
}

// The length field and the padded header.
std::string file_head(const std::vector<NamedTensor>& tensors, const StateDict& state) {
  Json json = Json::object();
  json["__metadata__"] = state.metadata;
  json["__metadata__"][std::string(serialise::checksum_key)] = serialise::checksum_of(state);
  std::size_t begin = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::size_t end = begin + tensor->bytes.size();
    json[std::string(name)] = {{"dtype", to_string(tensor->dtype)},
                               {"shape", tensor->shape},
                               {"data_offsets", std::array<std::size_t, 2>{begin, end}}};
    begin = end;
  }
  std::string text;
  try {
    text = json.dump();
  } catch (const Json::exception&) {
    throw InvalidParameter("names of tensors and metadata must be valid UTF-8");
  }
  text.append((8 - text.size() % 8) % 8, ' ');
  if (text.size() > serialise::max_safetensors_header) {
    throw InvalidParameter(fmt::format("the header would be {} bytes; at most {} is valid in a .safetensors file",
                                       text.size(), serialise::max_safetensors_header));
  }
  std::string head(8, '\0');
  for (std::size_t i = 0; i < head.size(); ++i) head[i] = static_cast<char>((text.size() >> (8 * i)) & 0xff);
  return head + text;
}

}  // namespace

void write_safetensors(const std::string& path, const StateDict& state) {
  const std::vector<NamedTensor> tensors = in_file_order(state);
  const std::string head = file_head(tensors, state);
  std::vector<std::span<const std::byte>> pieces = {std::as_bytes(std::span(head))};
  for (const auto& [name, tensor] : tensors) pieces.emplace_back(tensor->bytes);
  files::replace_file(path, pieces);
}

std::vector<std::byte> to_safetensors(const StateDict& state) {
  const std::vector<NamedTensor> tensors = in_file_order(state);
  const std::string head = file_head(tensors, state);
  const auto head_bytes = std::as_bytes(std::span(head));
  std::vector<std::byte> bytes(head_bytes.begin(), head_bytes.end());
  for (const auto& [name, tensor] : tensors) bytes.insert(bytes.end(), tensor->bytes.begin(), tensor->bytes.end());
  return bytes;
}

}  // namespace kernad
