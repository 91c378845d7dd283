#include "kernad/sketch.hpp"

#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "gil.hpp"

namespace kernad::python {
namespace {

using Marks = nb::ndarray<const std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Counts = nb::ndarray<const std::uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <typename Array>
void add_to_sketch(Sketch& self, const Array& rows, std::uint64_t first_row, const Marks& left_out,
                   const std::vector<std::string>& names, const Counts& counts) {
  const WithoutGil without_gil;
  const RowDetails details = {
      .left_out = {left_out.data(), left_out.size()}, .names = names, .counts = {counts.data(), counts.size()}};
  self.add(view(rows), first_row, details);
}

nb::list ranges_of(const Sketch& self) {
  nb::list result;
  for (const RowRange& range : self.ranges()) result.append(nb::make_tuple(range.first, range.last));
  return result;
}

nb::bytes sketch_bytes(const Sketch& self) {
  const std::vector<std::byte> bytes = to_safetensors(self.state_dict());
  return nb::bytes(bytes.data(), bytes.size());
}

Sketch sketch_from_bytes(const nb::bytes& bytes) {
  return Sketch::from_state_dict(from_safetensors({static_cast<const std::byte*>(bytes.data()), bytes.size()}));
}

}  // namespace

void bind_sketch(nb::module_& m) {
  nb::class_<Sketch>(m, "Sketch")
      .def(
          "__init__",
          [](Sketch* self, std::size_t columns, std::size_t max_training_points, std::uint64_t seed, bool all_rows) {
            new (self) Sketch(columns, {max_training_points, seed, all_rows});
          },
          nb::arg("columns"), nb::arg("max_training_points"), nb::arg("seed"), nb::arg("all_rows"))
      .def("add", &add_to_sketch<Rows>, nb::arg("rows").noconvert(), nb::arg("first_row"),
           nb::arg("left_out").noconvert(), nb::arg("names"), nb::arg("counts").noconvert())
      .def("add", &add_to_sketch<DoubleRows>, nb::arg("rows").noconvert(), nb::arg("first_row"),
           nb::arg("left_out").noconvert(), nb::arg("names"), nb::arg("counts").noconvert())
      .def("merge", &Sketch::merge, nb::arg("other"))
      .def(
          "forget",
          [](Sketch& self, const std::vector<std::string>& names) {
            Forgotten forgotten = self.forget(names);
            return std::pair(forgotten.rows, std::move(forgotten.not_kept));
          },
          nb::arg("names"))
      .def_prop_rw("column_names", &Sketch::column_names,
                   [](Sketch& self, std::vector<std::string> names) { self.set_column_names(std::move(names)); })
      .def_prop_ro("columns", &Sketch::columns)
      .def_prop_ro("max_training_points", [](const Sketch& self) { return self.options().max_training_points; })
      .def_prop_ro("seed", [](const Sketch& self) { return self.options().seed; })
      .def_prop_ro("all_rows", [](const Sketch& self) { return self.options().all_rows; })
      .def_prop_ro("rows_seen", &Sketch::rows_seen)
      .def_prop_ro("ranges", &ranges_of, nb::sig("def ranges(self) -> list[tuple[int, int]]"))
      .def("row_numbers", &Sketch::row_numbers)
      .def("row_names", &Sketch::row_names)
      .def("rows", [](const Sketch& self) { return to_numpy(self.rows()); })
      .def(
          "save", [](const Sketch& self, const nb::bytes& path) { self.save(to_path(path)); }, nb::arg("path"))
      .def_static(
          "load", [](const nb::bytes& path) { return Sketch::load(to_path(path)); }, nb::arg("path"))
      .def("to_bytes", &sketch_bytes)
      .def_static("from_bytes", &sketch_from_bytes, nb::arg("sketch"));
}

}  // namespace kernad::python
