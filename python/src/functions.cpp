// The library's free functions.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <utility>

#include "arrays.hpp"
#include "bind.hpp"
#include "kernad/sampling.hpp"
#include "kernad/system_info.hpp"

namespace kernad::python {
namespace {

nb::ndarray<nb::numpy, std::int64_t, nb::ndim<1>> sample(std::size_t rows, std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> chosen;
  {
    const nb::gil_scoped_release release;
    chosen = sample_rows(rows, count, seed);
  }
  auto* owner = new std::vector<std::int64_t>(chosen.begin(), chosen.end());
  const nb::capsule keep(owner, [](void* p) noexcept { delete static_cast<std::vector<std::int64_t>*>(p); });
  return {owner->data(), {owner->size()}, keep};
}

nb::dict info() {
  const SystemInfo system = system_info();
  nb::dict result;
  result["version"] = system.version;
  result["cpu"] = system.cpu;
  result["kernel_target"] = system.kernel_target;
  result["kernel_targets"] = system.kernel_targets;
  result["blas"] = system.blas;
  result["threads"] = system.threads;
  return result;
}

}  // namespace

void bind_functions(nb::module_& m) {
  m.def("sample_rows", &sample, nb::arg("rows"), nb::arg("count"), nb::arg("seed"));
  m.def("system_info", &info, nb::sig("def system_info() -> dict[str, typing.Any]"));
}

}  // namespace kernad::python
