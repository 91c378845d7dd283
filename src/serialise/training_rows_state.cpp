#include "serialise/training_rows_state.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serialise/lines.hpp"

namespace kernad::serialise {
namespace {

constexpr std::string_view kNames = "training.row_names";  // one line per row, in UTF-8
constexpr std::string_view kHashes = "training.row_hashes";

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
  if (!names.empty()) dict.tensors[std::string(kNames)] = to_lines(names);
  if (!hashes.empty()) {
    dict.tensors[std::string(kHashes)] = Tensor::from(std::span<const std::int64_t>(hashes), {hashes.size()});
  }
}

void read_training_rows(const TensorReader& reader, model::Model& model) {
  const std::size_t rows = model.first().kde.references.rows + model.report.rows_left_out.size();
  if (const Tensor* tensor = reader.find(kNames)) {
    auto names = from_lines(*tensor);
    if (!names || names->size() != rows) {
      reader.fail(kNames, "is no list of names", "U8, a line of UTF-8 for each row of the sample");
    }
    model.training_rows.names = std::move(*names);
  }
  if (const Tensor* hashes = reader.find(kHashes)) model.training_rows.hashes = hashes_in(reader, *hashes);
}

}  // namespace kernad::serialise
