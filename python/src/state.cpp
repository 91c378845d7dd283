#include "state.hpp"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "kernad/error.hpp"

namespace kernad::python {
namespace {

namespace nb = nanobind;
using Code = nb::dlpack::dtype_code;

struct Known {
  DType dtype;
  Code code;
  std::uint8_t bits;
};

constexpr std::array kKnown = {
    Known{DType::boolean, Code::Bool, 8}, Known{DType::u8, Code::UInt, 8},    Known{DType::i8, Code::Int, 8},
    Known{DType::u16, Code::UInt, 16},    Known{DType::i16, Code::Int, 16},   Known{DType::u32, Code::UInt, 32},
    Known{DType::i32, Code::Int, 32},     Known{DType::u64, Code::UInt, 64},  Known{DType::i64, Code::Int, 64},
    Known{DType::f16, Code::Float, 16},   Known{DType::f32, Code::Float, 32}, Known{DType::f64, Code::Float, 64},
};

nb::object to_array(const std::string& name, Tensor tensor) {
  for (const Known& known : kKnown) {
    if (known.dtype != tensor.dtype) continue;
    auto owner = std::make_unique<Tensor>(std::move(tensor));
    Tensor* data = owner.get();
    const nb::capsule keep(owner.release(), [](void* p) noexcept { delete static_cast<Tensor*>(p); });
    const nb::dlpack::dtype dtype{static_cast<std::uint8_t>(known.code), known.bits, 1};
    return nb::cast(
        nb::ndarray<nb::numpy>(data->bytes.data(), data->shape.size(), data->shape.data(), keep, nullptr, dtype));
  }
  throw InvalidInput("tensor '" + name + "' is " + std::string(to_string(tensor.dtype)) + ", which NumPy lacks");
}

Tensor to_tensor(const std::string& name, nb::handle value) {
  const auto array = nb::cast<nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>>(value);
  const nb::dlpack::dtype dtype = array.dtype();
  for (const Known& known : kKnown) {
    if (static_cast<std::uint8_t>(known.code) != dtype.code || known.bits != dtype.bits) continue;
    Tensor tensor{known.dtype, {}, std::vector<std::byte>(array.nbytes())};
    for (std::size_t i = 0; i < array.ndim(); ++i) tensor.shape.push_back(array.shape(i));
    if (!tensor.bytes.empty()) std::memcpy(tensor.bytes.data(), array.data(), tensor.bytes.size());
    return tensor;
  }
  throw InvalidInput("tensor '" + name + "' does not hold real numbers");
}

}  // namespace

nb::tuple to_python(StateDict state) {
  nb::dict tensors;
  for (auto& [name, tensor] : state.tensors) tensors[name.c_str()] = to_array(name, std::move(tensor));
  nb::dict metadata;
  for (const auto& [key, text] : state.metadata) metadata[key.c_str()] = text;
  return nb::make_tuple(tensors, metadata);
}

StateDict from_python(const nb::dict& tensors, const nb::dict& metadata) {
  StateDict state;
  for (const auto& [key, value] : tensors) {
    auto name = nb::cast<std::string>(key);
    state.tensors[name] = to_tensor(name, value);
  }
  for (const auto& [key, value] : metadata) state.metadata[nb::cast<std::string>(key)] = nb::cast<std::string>(value);
  return state;
}

}  // namespace kernad::python
