#include "serialise/tensor_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "kernad/error.hpp"
#include "linalg/finite.hpp"
#include "linalg/sum_of.hpp"
#include "memory/huge_pages.hpp"

namespace kernad::serialise {
namespace {

constexpr std::string_view kAnchor = "pca_model.singular_vectors";  // the name that reveals the prefix

/// The prefix of the classifier's names: "" or something that ends in a dot.
std::string find_prefix(const StateDict& dict) {
  std::vector<std::string> prefixes;
  for (const auto& [name, tensor] : dict.tensors) {
    if (!name.ends_with(kAnchor)) continue;
    const std::string prefix = name.substr(0, name.size() - kAnchor.size());
    if (prefix.empty() || prefix.ends_with('.')) prefixes.push_back(prefix);
  }
  if (prefixes.empty()) {
    const auto format = dict.metadata.find("format");
    if (format != dict.metadata.end() && format->second == "kernad-sketch") {
      throw InvalidInput("this is a sketch of rows and no model; a fit makes one of it");
    }
    throw InvalidInput(fmt::format("no tensor named '{}', bare or under a prefix: this is no KDE classifier", kAnchor));
  }
  if (prefixes.size() > 1) {
    throw InvalidInput(fmt::format("two classifiers, under '{}' and '{}'; one is expected", prefixes[0], prefixes[1]));
  }
  return prefixes[0];
}

}  // namespace

TensorReader::TensorReader(const StateDict& dict) : dict_(dict), prefix_(find_prefix(dict)) {}

const Tensor* TensorReader::find(std::string_view name) const {
  const auto entry = dict_.tensors.find(prefix_ + std::string(name));
  return entry == dict_.tensors.end() ? nullptr : &entry->second;
}

const Tensor& TensorReader::get(std::string_view name) const {
  const Tensor* tensor = find(name);
  if (tensor == nullptr) throw InvalidInput(fmt::format("tensor '{}{}' is missing", prefix_, name));
  return *tensor;
}

std::vector<double> TensorReader::values(std::string_view name, std::size_t size) const {
  auto result = any_values(name, size);
  if (linalg::sum_of(size, [&](std::size_t i) { return 0 * result[i]; }) == 0) return result;
  const auto bad = std::find_if(result.begin(), result.end(), [](double x) { return !std::isfinite(x); });
  fail(name, fmt::format("has the value {} at {}", *bad, bad - result.begin()), "finite values");
}

std::vector<double> TensorReader::any_values(std::string_view name, std::size_t size) const {
  const Tensor& tensor = get(name);
  if (tensor.size() != size) {
    fail(name, fmt::format("has shape [{}]", fmt::join(tensor.shape, ", ")), fmt::format("{} values", size));
  }
  return tensor.to_f64();
}

std::pair<std::size_t, std::size_t> TensorReader::matrix_shape(std::string_view name) const {
  const auto& shape = get(name).shape;
  if (shape.size() != 2 || shape[0] == 0 || shape[1] == 0) {
    fail(name, fmt::format("has shape [{}]", fmt::join(shape, ", ")), "two dimensions, neither of them 0");
  }
  return {shape[0], shape[1]};
}

Matrix<double> TensorReader::matrix(std::string_view name, std::size_t rows, std::size_t cols) const {
  const auto shape = matrix_shape(name);
  if (shape != std::pair(rows, cols)) {
    fail(name, fmt::format("has shape [{}, {}]", shape.first, shape.second), fmt::format("[{}, {}]", rows, cols));
  }
  return {values(name, rows * cols), rows, cols};
}

Matrix<float> TensorReader::matrix_f32(std::string_view name) const {
  const auto [rows, cols] = matrix_shape(name);
  const Tensor& tensor = get(name);
  if (tensor.dtype == DType::f32 && tensor.bytes.size() == rows * cols * sizeof(float)) {
    auto values = memory::zeros<float>(rows * cols);
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    if (linalg::is_finite(values)) return {std::move(values), rows, cols};
  }
  const Matrix<double> doubles = matrix(name, rows, cols);
  Matrix<float> result(rows, cols);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < cols; ++j) {
      if (std::abs(doubles(i, j)) > static_cast<double>(std::numeric_limits<float>::max())) {
        fail(name, fmt::format("has {} in row {}, column {}", doubles(i, j), i, j), "values within float32");
      }
      result(i, j) = static_cast<float>(doubles(i, j));
    }
  }
  return result;
}

std::vector<std::string> TensorReader::names() const {
  std::vector<std::string> result;
  for (const auto& [name, tensor] : dict_.tensors) {
    if (name.starts_with(prefix_)) result.push_back(name.substr(prefix_.size()));
  }
  return result;
}

StateDict TensorReader::part(std::string_view start) const {
  StateDict result;
  const std::string whole = prefix_ + std::string(start);
  for (const auto& [name, tensor] : dict_.tensors) {
    if (name.starts_with(whole)) result.tensors[name.substr(whole.size())] = tensor;
  }
  return result;
}

void TensorReader::fail(std::string_view name, std::string_view is, std::string_view valid) const {
  throw InvalidInput(fmt::format("tensor '{}{}' {}; expected: {}", prefix_, name, is, valid));
}

}  // namespace kernad::serialise
