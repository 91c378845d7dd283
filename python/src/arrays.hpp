// Exchange of arrays with Python: NumPy memory viewed as rows, and results returned, without a copy.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <span>
#include <vector>

#include "kernad/matrix.hpp"
#include "kernad/sketch.hpp"

namespace kernad::python {

namespace nb = nanobind;

using Rows = nb::ndarray<const float, nb::ndim<2>, nb::device::cpu>;
using DoubleRows = nb::ndarray<const double, nb::ndim<2>, nb::device::cpu>;
using Scores = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Doubles = nb::ndarray<nb::numpy, double>;
using Floats = nb::ndarray<nb::numpy, float, nb::ndim<2>>;

/// The array's memory; it must outlive the view. Throws InvalidParameter unless each row is contiguous, which
/// kernad._arrays has ensured.
[[nodiscard]] EmbeddingsView view(const Rows& rows);
[[nodiscard]] MatrixView<double> view(const DoubleRows& rows);
[[nodiscard]] std::span<const double> view(const Scores& scores);
/// A sketch is accepted in place of rows.
[[nodiscard]] inline const Sketch& view(const Sketch& sketch) { return sketch; }

/// Arrays that take ownership.
[[nodiscard]] Doubles to_numpy(std::vector<double> values);
[[nodiscard]] Doubles to_numpy(std::vector<double> values, std::size_t rows, std::size_t cols);
[[nodiscard]] Floats to_numpy(Embeddings matrix);

/// Copies of data that the library keeps.
[[nodiscard]] Doubles copy_to_numpy(std::span<const double> values);
[[nodiscard]] Doubles copy_to_numpy(MatrixView<double> values);

}  // namespace kernad::python
