// One tensor of a .safetensors file as rows or labels.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "files/source.hpp"
#include "io/row_source.hpp"

namespace kernad::io {

/// Rows or labels of the tensor called `wanted`, or if that is empty, of the one that choose_array returns.
[[nodiscard]] std::unique_ptr<RowSource> safetensors_rows(std::unique_ptr<files::Source> source,
                                                          std::string_view wanted, bool keep_rest = false);
[[nodiscard]] std::vector<std::uint8_t> read_safetensors_labels(files::Source& source, std::string_view wanted,
                                                                const LabelOptions& options = {});

}  // namespace kernad::io
