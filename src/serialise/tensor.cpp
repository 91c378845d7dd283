#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <utility>

#include "files/dtype.hpp"
#include "files/message.hpp"
#include "kernad/error.hpp"
#include "kernad/state_dict.hpp"
#include "memory/huge_pages.hpp"

namespace kernad {
namespace {

static_assert(files::native_order == files::ByteOrder::little, "Tensor::from copies memory as it lies");

template <typename T>
Tensor tensor_from(DType dtype, std::span<const T> values, std::vector<std::size_t> shape) {
  Tensor tensor{dtype, std::move(shape), {}};
  if (tensor.size() != values.size()) {
    throw InvalidParameter(
        fmt::format("{} values do not fill a tensor of shape {}", values.size(), files::shape_text(tensor.shape)));
  }
  const auto bytes = std::as_bytes(values);
  tensor.bytes.assign(bytes.begin(), bytes.end());
  return tensor;
}

}  // namespace

Tensor Tensor::from(std::span<const float> values, std::vector<std::size_t> shape) {
  return tensor_from(DType::f32, values, std::move(shape));
}

Tensor Tensor::from(std::span<const double> values, std::vector<std::size_t> shape) {
  return tensor_from(DType::f64, values, std::move(shape));
}

Tensor Tensor::from(std::span<const std::int64_t> values, std::vector<std::size_t> shape) {
  return tensor_from(DType::i64, values, std::move(shape));
}

std::size_t Tensor::size() const noexcept {
  std::size_t product = 1;
  for (const std::size_t dimension : shape) product *= dimension;
  return product;
}

std::vector<double> Tensor::to_f64() const {
  const std::size_t count = bytes.size() / size_of(dtype);
  if (count != size() || bytes.size() != count * size_of(dtype)) {
    throw InvalidParameter(fmt::format("a tensor of shape {} and type {} cannot have {} bytes",
                                       files::shape_text(shape), to_string(dtype), bytes.size()));
  }
  auto values = memory::zeros<double>(count);
  files::decode(bytes, {dtype, files::ByteOrder::little}, values);
  return values;
}

}  // namespace kernad
