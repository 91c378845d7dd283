// How exactly float32 places the training rows, measured in the widths of the kernels around them.
#pragma once

#include <cstddef>
#include <span>

#include "kernad/fit_report.hpp"
#include "kernad/matrix.hpp"
#include "model/model.hpp"

namespace kernad::model {

/// At most 256 of the selected rows, evenly spread, as they are before anything is rounded: n x D.
template <typename T>
[[nodiscard]] Matrix<double> some_rows(MatrixView<T> rows, std::span<const std::size_t> selected);

/// Adds a note if the log-densities near more than a tenth of those rows can be further off than docs/numerics.md
/// promises. rows: not shifted.
void note_precision(Matrix<double> rows, Model& model);

}  // namespace kernad::model
