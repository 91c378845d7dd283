#include "io/safetensors_array.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "files/message.hpp"
#include "io/array_rows.hpp"
#include "serialise/safetensors.hpp"

namespace kernad::io {
namespace {

// Finds the tensor, checks its size, and leaves the source at its first byte.
ArrayLayout seek_tensor(files::Source& source, std::string_view wanted, Role role) {
  const serialise::SafetensorsHeader header = serialise::read_safetensors_header(source);
  std::vector<ArrayEntry> entries;
  for (const serialise::TensorEntry& tensor : header.tensors) entries.push_back({tensor.name, tensor.shape});

  std::size_t index = 0;
  if (wanted.empty()) {
    index = choose_array(source.name(), entries, role);
  } else {
    const auto found = std::find_if(header.tensors.begin(), header.tensors.end(),
                                    [wanted](const serialise::TensorEntry& tensor) { return tensor.name == wanted; });
    if (found == header.tensors.end()) {
      files::fail(source.name(),
                  fmt::format("has no tensor {}; it holds {}", files::quote(wanted), list_arrays(entries)));
    }
    index = static_cast<std::size_t>(found - header.tensors.begin());
  }
  const serialise::TensorEntry& tensor = header.tensors[index];
  if (tensor.shape.empty()) {
    files::fail(source.name(),
                fmt::format("tensor {} is a scalar; one or two dimensions are needed", files::quote(tensor.name)));
  }
  source.skip(tensor.begin);
  ArrayLayout layout{{tensor.dtype, files::ByteOrder::little}, tensor.shape};
  check_size(source, layout, tensor.end - tensor.begin);
  return layout;
}

}  // namespace

std::unique_ptr<RowSource> safetensors_rows(std::unique_ptr<files::Source> source, std::string_view wanted,
                                            bool keep_rest) {
  const ArrayLayout layout = seek_tensor(*source, wanted, Role::features);
  return array_rows(std::move(source), layout, AfterArray::anything, keep_rest);
}

std::vector<std::uint8_t> read_safetensors_labels(files::Source& source, std::string_view wanted,
                                                  const LabelOptions& options) {
  const ArrayLayout layout = seek_tensor(source, wanted, Role::labels);
  return read_label_array(source, layout, options);
}

}  // namespace kernad::io
