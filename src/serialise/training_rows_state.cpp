#include "serialise/training_rows_state.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "files/utf8.hpp"

namespace kernad::serialise {
namespace {

constexpr std::string_view kNames = "training.row_names";  // a line a row, in UTF-8
constexpr std::string_view kHashes = "training.row_hashes";

Tensor names_tensor(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    std::string line = name;
    std::ranges::replace(line, '\n', ' ');
    text += line + '\n';
  }
  const auto bytes = std::as_bytes(std::span(text));
  return {DType::u8, {text.size()}, {bytes.begin(), bytes.end()}};
}

std::vector<std::string> names_in(const TensorReader& reader, const Tensor& tensor, std::size_t rows) {
  const std::string_view text(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
  std::vector<std::string> names;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    names.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (tensor.dtype != DType::u8 || names.size() != rows || !files::is_utf8(text)) {
    reader.fail(kNames, "is no list of names", "U8, a line of UTF-8 for each row of the density");
  }
  return names;
}

std::vector<std::int64_t> hashes_in(const TensorReader& reader, const Tensor& tensor) {
  if (tensor.dtype != DType::i64 || tensor.shape.size() != 1 || tensor.size() > model::kKeptHashes) {
    reader.fail(kHashes, "is no list of hashes", "I64, one dimension, 1024 at most");
  }
  std::vector<std::int64_t> hashes(tensor.size());
  if (!hashes.empty()) std::memcpy(hashes.data(), tensor.bytes.data(), tensor.bytes.size());
  if (std::ranges::adjacent_find(hashes, std::greater_equal<>()) != hashes.end())
    reader.fail(kHashes, "does not ascend", "ascending values");
  return hashes;
}

}  // namespace

void write_training_rows(const model::Model& model, StateDict& dict) {
  const auto& [names, hashes] = model.training_rows;
  if (!names.empty()) dict.tensors[std::string(kNames)] = names_tensor(names);
  if (!hashes.empty()) {
    dict.tensors[std::string(kHashes)] = Tensor::from(std::span<const std::int64_t>(hashes), {hashes.size()});
  }
}

void read_training_rows(const TensorReader& reader, model::Model& model) {
  const std::size_t rows = model.first().kde.references.rows;
  if (const Tensor* names = reader.find(kNames)) model.training_rows.names = names_in(reader, *names, rows);
  if (const Tensor* hashes = reader.find(kHashes)) model.training_rows.hashes = hashes_in(reader, *hashes);
}

}  // namespace kernad::serialise
